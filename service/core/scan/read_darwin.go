package scan

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

// lookAt finds out what a name in a folder is. It follows no symlink at its
// end.
func lookAt(dir int, name string) (observation, error) {
	var st unix.Stat_t
	_, err := retry(func() (struct{}, error) {
		return struct{}{}, unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	if err != nil {
		return observation{}, err
	}
	return observation{
		mode: uint32(st.Mode), links: uint64(st.Nlink), size: st.Size, blocks: st.Blocks,
		modified: nanoseconds(st.Mtim.Unix()), changed: nanoseconds(st.Ctim.Unix()), born: nanoseconds(st.Btim.Unix()),
		device: uint64(st.Dev), inode: st.Ino,
	}, nil
}
