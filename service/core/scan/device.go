package scan

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/mounts"
)

// devices turns the numbers of devices, which change from boot to boot, into
// those by which the index knows file systems.
type devices struct {
	ctx   context.Context
	index *entries.Index

	last  atomic.Pointer[device] // as most of a tree is on one
	mu    sync.Mutex
	known map[uint64]int64
}

type device struct {
	device uint64
	number int64
}

func newDevices(ctx context.Context, x *entries.Index) *devices {
	return &devices{ctx: ctx, index: x, known: make(map[uint64]int64)}
}

// number returns the number of the file system that a file at, or in, the given
// path is on.
func (d *devices) number(dev uint64, path string) (int64, error) {
	if last := d.last.Load(); last != nil && last.device == dev {
		return last.number, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, ok := d.known[dev]; ok {
		d.last.Store(&device{dev, n})
		return n, nil
	}
	table, err := mounts.Read()
	if err != nil {
		return 0, err
	}
	m, ok := table.ByDevice(dev)
	identity := m.Identity()
	if !ok { // a btrfs subvolume, which is no mount; its number changes with each boot
		identity = table.At(path).Identity() + " below"
	}
	n, err := d.index.Device(d.ctx, identity)
	if err == nil {
		d.known[dev] = n
	}
	return n, err
}

// attributes returns what was seen of a file, in the index's form. path is its
// own, or that of its folder. Only regular files have a size: a folder's or a
// symlink's is of no use to anyone.
func (d *devices) attributes(path, name string, o *disk.Observation) (entries.Attributes, error) {
	a := entries.Attributes{
		Kind: o.Kind(name), Blocks: o.Blocks, Modified: o.Modified, Changed: o.Changed, Born: o.Born, Inode: o.Inode,
	}
	if a.Kind.Regular() {
		a.Size = o.Size
		if o.Links > 1 {
			a.Flags |= entries.Linked
		}
	}
	var err error
	a.Device, err = d.number(o.Device, path)
	return a, err
}

// stat returns the attributes of what is at a path, and follows no symlink at
// its end.
func (d *devices) stat(path string) (entries.Attributes, error) {
	o, err := disk.LookAt(unix.AT_FDCWD, path)
	if err != nil {
		return entries.Attributes{}, err
	}
	return d.attributes(path, filepath.Base(path), &o)
}
