package index

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

// lookAt finds out what a name in a folder is, and the device it is on.
func lookAt(dir int, name string) (child, uint64, error) {
	var st unix.Stat_t
	_, err := retry(func() (struct{}, error) {
		return struct{}{}, unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	if err != nil {
		return child{}, 0, err
	}
	c := childOf(name, uint32(st.Mode), st.Size, nanoseconds(st.Mtim.Unix()), nanoseconds(st.Btim.Unix()))
	return c, uint64(st.Dev), nil
}
