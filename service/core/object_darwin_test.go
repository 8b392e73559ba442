package core_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// objectAt returns what is at a path. It follows no symlink at its end.
func objectAt(t testing.TB, path string) object {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	return object{st.Ino, st.Btim.Sec, st.Btim.Nsec, st.Mode&unix.S_IFMT == unix.S_IFDIR}
}
