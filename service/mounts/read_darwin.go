package mounts

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Read returns the current mounts.
func Read() (*Table, error) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil, err
	}
	raw := make([]unix.Statfs_t, n)
	if n, err = unix.Getfsstat(raw, unix.MNT_NOWAIT); err != nil {
		return nil, err
	}
	all := make([]Mount, 0, n)
	for _, st := range raw[:n] {
		all = append(all, Mount{
			Device: uint64(uint32(st.Fsid.Val[0])), Root: "/",
			Point: unix.ByteSliceToString(st.Mntonname[:]), Source: unix.ByteSliceToString(st.Mntfromname[:]), Type: unix.ByteSliceToString(st.Fstypename[:]),
			UUID:     fmt.Sprintf("%08x%08x", uint32(st.Fsid.Val[0]), uint32(st.Fsid.Val[1])), // the file system's own is read with another call, for each
			ReadOnly: st.Flags&unix.MNT_RDONLY != 0,
		})
	}
	return New(all...), nil
}

// Rotational reports whether the disk below a block device spins: no Mac of
// this decade has one inside.
func Rotational(uint64) bool { return false }

func wholeDisk(uint64) string { return "" }
