package mounts

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Read returns the current mounts. It may wait for local disks, not for others.
func Read() (*Table, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	all := parse(text, unix.Mkdev)
	uuids := make(map[uint64]string)
	for i := range all {
		m := &all[i]
		var st unix.Stat_t
		if m.disk == 0 && strings.HasPrefix(m.Source, "/dev/") && unix.Stat(m.Source, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFBLK {
			m.disk = st.Rdev // btrfs, whose device numbers are not those of its disks
		}
		if m.Type == "btrfs" && unix.Stat(m.Point, &st) == nil {
			m.Device = st.Dev // each subvolume has one, and mountinfo another
		}
		if m.disk == 0 {
			continue
		}
		uuid, known := uuids[m.disk]
		if !known {
			uuid = uuidOf(m)
			uuids[m.disk] = uuid
		}
		m.UUID = uuid
	}
	return New(all...), nil
}

// uuidOf returns the UUID of a file system on a block device, as udev has noted
// it, else as the file system itself has it, where that may be read.
func uuidOf(m *Mount) string {
	major, minor := unix.Major(m.disk), unix.Minor(m.disk)
	text, _ := os.ReadFile(fmt.Sprintf("/run/udev/data/b%d:%d", major, minor))
	for line := range bytes.Lines(text) {
		if uuid, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("E:ID_FS_UUID=")); ok {
			return string(uuid)
		}
	}
	const byUUID = "/dev/disk/by-uuid"
	links, _ := os.ReadDir(byUUID)
	for _, link := range links {
		var st unix.Stat_t
		if unix.Stat(filepath.Join(byUUID, link.Name()), &st) == nil && st.Rdev == m.disk {
			return link.Name()
		}
	}
	return superblockUUID(m)
}

// superblocks says where file systems keep their UUID: the offset of a magic
// number in the device, and that of 16 bytes.
var superblocks = map[string]struct {
	magic string
	at    int64
	uuid  int64
}{
	"ext2":  {"\x53\xef", 0x438, 0x468}, // fs/ext4/ext4.h, struct ext4_super_block
	"ext3":  {"\x53\xef", 0x438, 0x468},
	"ext4":  {"\x53\xef", 0x438, 0x468},
	"xfs":   {"XFSB", 0, 32},                // fs/xfs/libxfs/xfs_format.h, struct xfs_dsb
	"btrfs": {"_BHRfS_M", 0x10040, 0x10020}, // include/uapi/linux/btrfs_tree.h, struct btrfs_super_block
}

func superblockUUID(m *Mount) string {
	place, known := superblocks[m.Type]
	if !known {
		return ""
	}
	f, err := os.Open(m.Source)
	if err != nil {
		return ""
	}
	defer f.Close()
	magic, id := make([]byte, len(place.magic)), make([]byte, 16)
	if _, err := f.ReadAt(magic, place.at); err != nil || string(magic) != place.magic {
		return ""
	}
	if _, err := f.ReadAt(id, place.uuid); err != nil {
		return ""
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// Rotational reports whether the disk below a block device spins. Of a virtual
// disk it is false: what the machine below has is not known, and queue/rotational
// is 1 by default.
func Rotational(dev uint64) bool { return rotational(sysfs, dev) }

// wholeDisk names the disk that a block device is, is a part of, or is made of.
func wholeDisk(dev uint64) string {
	folder, err := diskFolder(sysfs, dev)
	for err == nil {
		below := slaves(folder)
		if len(below) != 1 {
			return filepath.Base(folder)
		}
		folder = below[0]
	}
	return ""
}

const sysfs = "/sys"

func rotational(sys string, dev uint64) bool {
	folder, err := diskFolder(sys, dev)
	return err == nil && spins(folder)
}

// diskFolder returns the folder in sysfs of the disk that a block device is or
// is a part of.
func diskFolder(sys string, dev uint64) (string, error) {
	folder, err := filepath.EvalSymlinks(fmt.Sprintf("%s/dev/block/%d:%d", sys, unix.Major(dev), unix.Minor(dev)))
	if err != nil {
		return "", err
	}
	return whole(folder), nil
}

// whole returns the folder of a partition's disk.
func whole(folder string) string {
	if _, err := os.Stat(filepath.Join(folder, "partition")); err == nil {
		return filepath.Dir(folder)
	}
	return folder
}

// slaves returns the disks that LVM, LUKS or a RAID has made one disk of.
func slaves(folder string) (below []string) {
	links, _ := filepath.Glob(filepath.Join(folder, "slaves", "*"))
	for _, link := range links {
		if disk, err := filepath.EvalSymlinks(link); err == nil {
			below = append(below, whole(disk))
		}
	}
	return below
}

// spins reports whether a disk spins. A disk made of several spins if one of them
// does.
func spins(folder string) bool {
	if below := slaves(folder); len(below) > 0 {
		return slices.ContainsFunc(below, spins)
	}
	flag, err := os.ReadFile(filepath.Join(folder, "queue", "rotational"))
	return err == nil && strings.TrimSpace(string(flag)) == "1" && !virtual(folder)
}

// virtual reports whether a disk is one that a hypervisor or the kernel emulates.
func virtual(folder string) bool {
	for _, prefix := range []string{"loop", "ram", "zram", "nbd", "vd", "xvd"} {
		if strings.HasPrefix(filepath.Base(folder), prefix) {
			return true
		}
	}
	vendor, _ := os.ReadFile(filepath.Join(folder, "device", "vendor"))
	model, _ := os.ReadFile(filepath.Join(folder, "device", "model"))
	driver, _ := os.Readlink(filepath.Join(folder, "device", "driver"))
	subsystem, _ := os.Readlink(filepath.Join(folder, "device", "subsystem"))
	all := strings.ToLower(fmt.Sprintf("%s %s %s %s", vendor, model, filepath.Base(driver), filepath.Base(subsystem)))
	for _, word := range []string{"virtio", "qemu", "vmware", "vbox", "xen", "msft", "virtual"} {
		if strings.Contains(all, word) {
			return true
		}
	}
	return false
}
