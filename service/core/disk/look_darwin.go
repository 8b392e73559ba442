package disk

import (
	"golang.org/x/sys/unix"
)

// lookOnly opens a folder to ask for its file system.
const lookOnly = unix.O_RDONLY

// openBelow opens a folder by its path below another. It follows no symlink on
// the way, so what is opened is in the location.
func openBelow(dir int, below string, mode int) (int, error) {
	return openParts(dir, below, mode)
}

// LookAt finds out what a name in a folder is. It follows no symlink at its
// end.
func LookAt(dir int, name string) (Observation, error) {
	var st unix.Stat_t
	_, err := retry(func() (struct{}, error) {
		return struct{}{}, unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	if err != nil {
		return Observation{}, err
	}
	return Observation{
		Mode: uint32(st.Mode), Links: uint64(st.Nlink), Size: st.Size, Blocks: st.Blocks,
		Modified: nanoseconds(st.Mtim.Unix()), Changed: nanoseconds(st.Ctim.Unix()), Born: nanoseconds(st.Btim.Unix()),
		Device: uint64(st.Dev), Inode: st.Ino,
	}, nil
}
