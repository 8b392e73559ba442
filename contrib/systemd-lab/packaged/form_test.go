//go:build linux

package packaged

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A form is one of the two in which the daemon runs: a user's own, or the
// machine's, which serves the members of a group.
type form struct {
	*machine
	ann     *person // whose daemon it is, or who may use it
	system  bool
	dataDir string
	tree    string // what there is to index
	job     protocol.ID
}

// forms runs a test on both, each on a machine of its own with a version of
// the package installed and the socket started.
func forms(t *testing.T, pkg string, test func(f *form)) {
	for _, system := range []bool{false, true} {
		t.Run(map[bool]string{false: "user", true: "machine"}[system], func(t *testing.T) {
			m := installed(t, pkg)
			f := &form{machine: m, system: system}
			if system {
				f.ann = m.person("ann", "spacedrive")
				f.dataDir, f.tree = "/var/lib/spacedrive", "/srv/tree"
			} else {
				f.ann = m.person("ann")
				f.dataDir, f.tree = f.ann.dataDir(), f.ann.home+"/tree"
			}
			f.systemctl("start", "spacedrive.socket")
			test(f)
		})
	}
}

// systemctl is said by whoever may: ann to her manager, root to the machine's.
func (f *form) systemctl(args ...string) string {
	f.t.Helper()
	if f.system {
		return f.root(append([]string{"systemctl", "--quiet"}, args...)...)
	}
	return f.ann.systemctl(args...)
}

func (f *form) property(unit, name string) string {
	f.t.Helper()
	return strings.TrimSpace(f.systemctl("show", "--property="+name, "--value", unit))
}

// socket returns the path of an instance's socket.
func (f *form) socket(instance string) string {
	switch {
	case !f.system:
		return f.ann.socket(instance)
	case instance == "":
		return "/run/spacedrive/daemon.sock"
	}
	return "/run/spacedrive/daemon-" + instance + ".sock"
}

// spacedrive is typed by ann.
func (f *form) spacedrive(args ...string) string {
	f.t.Helper()
	if f.system {
		args = append([]string{"--system"}, args...)
	}
	return f.ann.run(append([]string{"spacedrive"}, args...)...)
}

func (f *form) status() api.Status {
	f.t.Helper()
	return f.machine.status(f.socket(""))
}

// configure writes the daemon's configuration file.
func (f *form) configure(text string) {
	f.t.Helper()
	if f.system {
		f.write("/etc/spacedrive/config.toml", text)
	} else {
		f.ann.write(".config/spacedrive/config.toml", text)
	}
}

// An index job's tree, large enough to be told apart by where the job stands.
const folders, filesEach = 400, 25

// plant makes the tree.
func (f *form) plant() {
	f.t.Helper()
	args := []string{"env", roleVariable + "=plant", filepath.Join(share, "lab.test"), f.tree, fmt.Sprint(folders), fmt.Sprint(filesEach)}
	if f.system {
		f.root(args...)
	} else {
		f.ann.run(args...)
	}
}

// addSlowly adds the tree as a location whose folders open so slowly that the
// job goes on until release is called, and waits until it is well under way.
func (f *form) addSlowly() (release func()) {
	f.t.Helper()
	f.plant()
	f.spacedrive("library", "create", "Home")
	release = slowDown(f.t, f.outside(f.tree), folders/4)
	f.job = call(f.machine, f.socket(""), api.LocationsAdd, api.LocationAddInput{Path: protocol.Path(f.tree)}).JobID
	f.until("the job to come some way", func() bool { return f.info().Progress.Done >= folders/4*filesEach/2 })
	return release
}

func (f *form) info() api.JobInfo {
	f.t.Helper()
	return call(f.machine, f.socket(""), api.JobsInfo, api.JobInfoInput{JobID: f.job})
}

// goesOn fails the test where the job has ended, or begins again.
func (f *form) goesOn(after string) {
	f.t.Helper()
	var info api.JobInfo
	f.until("the job to go on after "+after, func() bool {
		info = f.info()
		return info.Status == api.JobRunning || info.Status.Finished()
	})
	if info.Status != api.JobRunning {
		f.t.Fatalf("after %s the job is %s: %v", after, info.Status, info.Error)
	}
	if info.Progress.Done < folders/8*filesEach {
		f.t.Errorf("after %s the job is at %d, where it had been further", after, info.Progress.Done)
	}
}

// ends waits for the job's end, and compares the index with one that was made
// of the same tree in peace.
func (f *form) ends() {
	f.t.Helper()
	f.until("the job's end", func() bool { return f.info().Status.Finished() })
	if info := f.info(); info.Status != api.JobCompleted || info.Warnings != 0 {
		f.t.Fatalf("the job ended %s with %d warnings: %v", info.Status, info.Warnings, info.Error)
	}
	libraries := call(f.machine, f.socket(""), api.LibrariesList, api.Empty{}).Libraries
	if len(libraries) != 1 {
		f.t.Fatalf("the libraries are %v", libraries)
	}
	stormy := f.entries(libraries[0].ID)
	peace := call(f.machine, f.socket(""), api.LibrariesCreate, api.LibraryCreateInput{Name: "Peace"})
	f.job = callIn(f.machine, f.socket(""), peace.ID, api.LocationsAdd, api.LocationAddInput{Path: protocol.Path(f.tree)}).JobID
	f.until("the job in peace", func() bool {
		return callIn(f.machine, f.socket(""), peace.ID, api.JobsInfo, api.JobInfoInput{JobID: f.job}).Status.Finished()
	})
	if want := f.entries(peace.ID); len(want) < folders*filesEach || !maps.Equal(stormy, want) {
		f.t.Errorf("the interrupted job indexed %d entries; in peace there are %d, want the same and at least %d", len(stormy), len(want), folders*filesEach)
	}
}

// entries returns what a library's index holds, by path.
func (f *form) entries(library protocol.ID) map[protocol.Path]string {
	f.t.Helper()
	all := make(map[protocol.Path]string)
	in := api.SearchInput{Sort: "name", Page: api.Page{Limit: api.MaxLimit}}
	for {
		page := callIn(f.machine, f.socket(""), library, api.SearchFiles, in)
		for _, hit := range page.Hits {
			if _, double := all[hit.Path]; double {
				f.t.Errorf("%s is in the index twice", hit.Path)
			}
			all[hit.Path] = fmt.Sprint(hit.Entry.Kind, hit.Entry.Size, hit.Entry.ModifiedAt)
		}
		if in.Cursor = page.NextCursor; in.Cursor == "" {
			return all
		}
	}
}
