package mounts

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func read(t *testing.T) *Table {
	t.Helper()
	table, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestReadSeesAMount(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("this test mounts: run it as root")
	}
	dir := filepath.Join(t.TempDir(), "a disk\\with\nodd\tnames\xff")
	other := t.TempDir()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	before := read(t).At(dir)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	inside := filepath.Join(dir, "sub")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(inside, other, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(other, unix.MNT_DETACH) })

	table := read(t)
	var st unix.Stat_t
	if err := unix.Stat(inside, &st); err != nil {
		t.Fatal(err)
	}
	m := table.At(inside)
	if m.Point != dir || m.Type != "tmpfs" || m.Device != st.Dev || m.Identity() == before.Identity() || m.Rotational() {
		t.Errorf("%+v, its files have the device %d", m, st.Dev)
	}
	if by, ok := table.ByDevice(st.Dev); !ok || by.Point != dir {
		t.Errorf("by its device: %+v", by)
	}
	if bound := table.At(other); bound.Root != "/sub" || bound.Identity() != m.Identity() {
		t.Errorf("a bind mount is another file system: %+v, %q and %q", bound, bound.Identity(), m.Identity())
	}
}

func TestUUIDFromTheSuperblock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disk")
	data := make([]byte, 0x10060)
	copy(data[0x438:], "\x53\xef")
	copy(data[0x468:], "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := superblockUUID(&Mount{Type: "ext4", Source: file}); got != "01020304-0506-0708-090a-0b0c0d0e0f10" {
		t.Errorf("%q", got)
	}
	for _, m := range []Mount{{Type: "xfs", Source: file}, {Type: "ext4", Source: file + "x"}, {Type: "vfat", Source: file}} {
		if got := superblockUUID(&m); got != "" {
			t.Errorf("%+v: %q", m, got)
		}
	}
}

// A disk of a sysfs made for the test.
type disk struct {
	name, rotational, vendor string
	slaves                   []string
	partition                bool // asked for by a partition on it
}

func TestRotational(t *testing.T) {
	for name, tt := range map[string]struct {
		disks []disk // the first is asked for
		want  bool
	}{
		"spinning":               {[]disk{{name: "sda", rotational: "1", vendor: "ATA"}}, true},
		"flash":                  {[]disk{{name: "nvme0n1", rotational: "0"}}, false},
		"a partition":            {[]disk{{name: "sda", rotational: "1", vendor: "ATA", partition: true}}, true},
		"virtio":                 {[]disk{{name: "vda", rotational: "1"}}, false},
		"QEMU's SCSI":            {[]disk{{name: "sda", rotational: "1", vendor: "QEMU    "}}, false},
		"VMware's":               {[]disk{{name: "sda", rotational: "1", vendor: "VMware, "}}, false},
		"a loop":                 {[]disk{{name: "loop0", rotational: "1"}}, false},
		"encrypted, spinning":    {[]disk{{name: "dm-0", rotational: "1", slaves: []string{"sda"}}, {name: "sda", rotational: "1", vendor: "ATA"}}, true},
		"encrypted, virtual":     {[]disk{{name: "dm-0", rotational: "1", slaves: []string{"vda"}}, {name: "vda", rotational: "1"}}, false},
		"half of a RAID spins":   {[]disk{{name: "md0", rotational: "1", slaves: []string{"sda", "nvme0n1"}}, {name: "sda", rotational: "1"}, {name: "nvme0n1", rotational: "0"}}, true},
		"nothing is known of it": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			sys := t.TempDir()
			for i, d := range tt.disks {
				folder := filepath.Join(sys, "devices", d.name)
				write(t, filepath.Join(folder, "queue", "rotational"), d.rotational+"\n")
				write(t, filepath.Join(folder, "device", "vendor"), d.vendor+"\n")
				asked := folder
				if d.partition {
					asked = filepath.Join(folder, d.name+"1")
					write(t, filepath.Join(asked, "partition"), "1\n")
				}
				for _, s := range d.slaves {
					link(t, filepath.Join(sys, "devices", s), filepath.Join(folder, "slaves", s))
				}
				link(t, asked, fmt.Sprintf("%s/dev/block/8:%d", sys, i))
			}
			if got := rotational(sys, unix.Mkdev(8, 0)); got != tt.want {
				t.Errorf("rotational: %v", got)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}
