package doctor

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// watchLimit reports the kernel's limit of watched folders. The daemon watches
// none, so it is never reached.
func watchLimit(f *Facts) Finding {
	limit, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches")
	if err != nil {
		return Finding{}
	}
	return find(OK, "", "folders are not watched yet; '%s' finds what has changed (the limit would be %s)", f.Command("location", "rescan"), strings.TrimSpace(string(limit)))
}

// Below these the index cannot grow for long, or at all.
const (
	scarceBytes = 1 << 30
	noBytes     = 64 << 20
	noFiles     = 100 // inodes
)

// diskSpace looks at the file systems of the data folder and of the libraries,
// and reports the first that has no room, else the one with the least.
func diskSpace(f *Facts) Finding {
	places := []string{f.DataDir}
	for _, l := range f.Libraries {
		places = append(places, string(l.Path))
	}
	least, where := int64(-1), ""
	for _, dir := range places {
		var st unix.Statfs_t
		for unix.Statfs(dir, &st) != nil && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
		}
		if st.Files > 0 && st.Ffree < noFiles { // a file system without inodes has 0 of 0
			return find(Problem, "remove files there that nobody needs", "no more files can be made on the disk of %s: it has no free inodes", dir)
		}
		if free := int64(st.Bavail) * int64(st.Bsize); least < 0 || free < least {
			least, where = free, dir
		}
	}
	fix := "make room there; what takes it: du -xh " + packaging.ShellWord(where) + " | sort -h | tail"
	switch {
	case least < noBytes:
		return find(Problem, fix, "only %s are free on the disk of %s", human.Size(least), where)
	case least < scarceBytes:
		return find(Warning, fix, "%s are free on the disk of %s", human.Size(least), where)
	}
	return find(OK, "", "%s free on the disk of %s", human.Size(least), where)
}
