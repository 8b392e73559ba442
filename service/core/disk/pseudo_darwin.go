package disk

import "golang.org/x/sys/unix"

// pseudo names the file systems whose files nobody stored.
var pseudo = map[string]bool{"devfs": true, "autofs": true, "fdesc": true, "nullfs": true}

// Pseudo returns the name of the pseudo file system that an open file is on,
// and "" where it is on a real one.
func Pseudo(fd int) string {
	var st unix.Statfs_t
	if unix.Fstatfs(fd, &st) != nil {
		return ""
	}
	return pseudoName(&st)
}

// PseudoAt returns the same for the file at a path.
func PseudoAt(path string) string {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return ""
	}
	return pseudoName(&st)
}

func pseudoName(st *unix.Statfs_t) string {
	if name := unix.ByteSliceToString(st.Fstypename[:]); pseudo[name] {
		return name
	}
	return ""
}
