// Package mounts reads which file systems are mounted, and describes each: an
// identity that outlives a reboot, whether it is on the network, whether its disk
// spins. Read takes a snapshot.
package mounts

import (
	"fmt"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A Table is what was mounted when Read was called.
type Table struct {
	all []Mount // in the order in which they were mounted
}

// A Mount is one mounted file system, or part of one.
type Mount struct {
	Device   uint64 // st_dev of its files
	Point    string // where it is mounted
	Root     string // the folder of the file system that is mounted there
	Source   string // "/dev/sda1", "host:/export"
	Type     string // "ext4", "nfs4"
	UUID     string // of the file system; empty where it is not known
	ReadOnly bool

	disk    uint64            // device number of the block device; 0 where there is none
	options map[string]string // of the file system
}

// New returns a table of the given mounts, the latest last.
func New(all ...Mount) *Table { return &Table{all} }

// ByDevice returns the mount whose files have the given st_dev, and among
// several (bind mounts) the first. A btrfs subvolume below a mount has a
// device that no mount shows: use At.
func (t *Table) ByDevice(dev uint64) (Mount, bool) {
	for _, m := range t.all {
		if m.Device == dev {
			return m, true
		}
	}
	return Mount{}, false
}

// At returns the mount that holds an absolute path, whether or not the path
// exists: the longest mount point that contains it, the latest of those mounted
// over each other. It is zero where the table is empty.
func (t *Table) At(path string) (found Mount) {
	for _, m := range t.all {
		if protocol.Path(m.Point).Contains(protocol.Path(path)) && len(m.Point) >= len(found.Point) {
			found = m
		}
	}
	return found
}

// Identity names the file system whose inode numbers the mount shows. It is the
// same after a reboot and at any mount point, and differs between two file
// systems that are mounted at once, the subvolumes of a btrfs among them.
func (m Mount) Identity() string {
	id := m.Type + ":" + m.Source
	switch upper := m.options["upperdir"]; {
	case m.UUID != "":
		id = "uuid:" + m.UUID
	case m.Type == "overlay" && upper != "": // the source is a word without meaning
		id = m.Type + ":" + upper
	case m.disk == 0 && !strings.ContainsAny(m.Source, "/:@"):
		// A tmpfs and its like, of which there are many. None outlives a
		// reboot.
		id = fmt.Sprintf("%s:%s:%d", m.Type, m.Source, m.Device)
	}
	if m.Type == "btrfs" {
		id += "/" + m.options["subvolid"]
	}
	return id
}

// networkTypes are file systems whose every call may wait for another machine.
var networkTypes = map[string]bool{
	"nfs": true, "nfs4": true, "cifs": true, "smb3": true, "smbfs": true, "ncpfs": true, "afs": true, "afpfs": true,
	"ceph": true, "glusterfs": true, "lustre": true, "beegfs": true, "webdav": true,
	"fuse.sshfs": true, "fuse.rclone": true, "fuse.glusterfs": true, "fuse.ceph": true, "fuse.s3fs": true, "fuse.gvfsd-fuse": true,
	"fuse.davfs": true, "davfs": true,
}

// Network reports whether the file system is on another machine.
func (m Mount) Network() bool { return networkTypes[m.Type] }

// Disk names the whole disk that the file system is on, "sda", because all file
// systems on a busy disk are slow. Without a disk it is the file system's
// identity.
func (m Mount) Disk() string {
	if m.disk != 0 {
		if name := wholeDisk(m.disk); name != "" {
			return name
		}
	}
	return m.Identity()
}

// Rotational reports whether the file system is on a disk that spins.
func (m Mount) Rotational() bool { return m.disk != 0 && Rotational(m.disk) }
