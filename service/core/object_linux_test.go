package core_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// objectAt returns what is at a path. It follows no symlink at its end.
func objectAt(t testing.TB, path string) object {
	t.Helper()
	var st unix.Statx_t
	must(t, unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_INO|unix.STATX_BTIME|unix.STATX_TYPE, &st))
	return object{st.Ino, st.Btime.Sec, int64(st.Btime.Nsec), st.Mode&unix.S_IFMT == unix.S_IFDIR}
}
