package disk

import (
	"errors"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// lookOnly opens a folder without mounting what automount would put there.
const lookOnly = unix.O_PATH

// noOpenat2 is set where the kernel, or a seccomp filter, has no openat2(2).
var noOpenat2 atomic.Bool

// openBelow opens a folder by its path below another. It follows no symlink on
// the way, so what is opened is in the location.
func openBelow(dir int, below string, mode int) (int, error) {
	if !noOpenat2.Load() && len(below) < unix.PathMax {
		fd, err := retry(func() (int, error) {
			return unix.Openat2(dir, below, &unix.OpenHow{Flags: uint64(folderFlags | mode), Resolve: unix.RESOLVE_NO_SYMLINKS})
		})
		if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
			return fd, err
		}
		noOpenat2.Store(errors.Is(err, unix.ENOSYS))
	}
	return openParts(dir, below, mode)
}

const lookMask = unix.STATX_TYPE | unix.STATX_MODE | unix.STATX_NLINK | unix.STATX_INO | unix.STATX_SIZE | unix.STATX_BLOCKS |
	unix.STATX_MTIME | unix.STATX_CTIME | unix.STATX_BTIME

// LookAt finds out what a name in a folder is. It follows no symlink at its
// end.
func LookAt(dir int, name string) (Observation, error) {
	var st unix.Statx_t
	_, err := retry(func() (struct{}, error) {
		return struct{}{}, unix.Statx(dir, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, lookMask, &st)
	})
	if err != nil {
		return Observation{}, err
	}
	o := Observation{
		Mode: uint32(st.Mode), Links: uint64(st.Nlink), Size: int64(st.Size), Blocks: int64(st.Blocks),
		Modified: nanoseconds(st.Mtime.Sec, int64(st.Mtime.Nsec)), Changed: nanoseconds(st.Ctime.Sec, int64(st.Ctime.Nsec)),
		Device: unix.Mkdev(st.Dev_major, st.Dev_minor), Inode: st.Ino,
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		o.Born = nanoseconds(st.Btime.Sec, int64(st.Btime.Nsec))
	}
	return o, nil
}
