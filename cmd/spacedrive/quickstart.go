package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

var _ = register[quickstartCmd]("quickstart", groupStart)

type quickstartCmd struct {
	Path string `arg:"" optional:"" help:"Folder to index (default: the current one)." complete:"dir"`
}

// quickstartResult is the document that --json prints.
type quickstartResult struct {
	Library  api.Library  `json:"library"`
	Location api.Location `json:"location"`
	Job      api.JobInfo  `json:"job"`
}

func (q *quickstartCmd) Run(a *app) error {
	path, err := folderPath(q.Path, a.cli.Host != "")
	if err != nil {
		return err
	}
	if err := a.connectOrStart(); err != nil {
		return err
	}
	lib, err := a.homeLibrary()
	if err != nil {
		return err
	}
	a.library = &lib.ID
	location, job, seq, err := a.addOrRescan(path)
	if err != nil {
		return err
	}
	info, err := a.await(job, lib.ID, seq)
	if err != nil {
		return err
	}
	err = a.term.show(quickstartResult{lib, location, info}, func() {
		a.summary(lib, location, info)
		if !a.cli.Quiet {
			a.nextCommands(location, info)
		}
	})
	return cmp.Or(err, inPart(info))
}

// folderPath returns the absolute path of the folder that a person named. With
// remote, which is about another machine, it does not check that it exists.
func folderPath(name string, remote bool) (protocol.Path, error) {
	if name == "" {
		name = "."
	}
	absPath, err := absolute(name, remote)
	if err != nil || remote {
		return absPath, err
	}
	path := string(absPath)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", protocol.Errorf(protocol.NotFound, "there is no folder %s", path).With("path", protocol.Path(path))
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", protocol.Errorf(protocol.Validation, "%s is a file, and a location is a folder", path).
			With("path", protocol.Path(path)).WithHint("name the folder that it is in: %s", filepath.Dir(path))
	}
	return absPath, nil
}

// homeLibrary returns the library of this run: the one that was named, the
// default one, the only one, the one called Home, or a new one of that name. It
// creates the first library even where the settings name a default.
func (a *app) homeLibrary() (api.Library, error) {
	if a.source("library").Given() {
		return a.findLibrary(a.cli.Library)
	}
	libs, err := invoke(a, api.LibrariesList, api.Empty{})
	if err != nil {
		return api.Library{}, err
	}
	const name = "Home"
	switch {
	case len(libs.Libraries) == 0:
		lib, err := invoke(a, api.LibrariesCreate, api.LibraryCreateInput{Name: name})
		if err == nil {
			a.term.note("Made the library %q.", lib.Name)
		}
		if a.ownDefault() != "" {
			a.suggest = lib.Name
		}
		return lib, err
	case a.ownDefault() != "":
		return a.findLibrary(a.cli.Library)
	case len(libs.Libraries) == 1:
		return libs.Libraries[0], nil
	}
	for _, wanted := range []string{a.cli.Library, name} {
		for _, lib := range libs.Libraries {
			if strings.EqualFold(lib.Name, wanted) {
				return lib, nil
			}
		}
	}
	return api.Library{}, protocol.Invalid("library_id", "there are %d libraries, and none is named", len(libs.Libraries))
}

// addOrRescan starts a job that indexes the folder.
func (a *app) addOrRescan(path protocol.Path) (api.Location, protocol.ID, uint64, error) {
	var seq uint64
	locations, err := a.locations()
	if err != nil {
		return api.Location{}, protocol.ID{}, 0, err
	}
	real := protocol.Path(resolved(string(path)))
	for _, l := range locations {
		switch {
		case l.Path == path || l.Path == real:
			a.term.note("%s is a location of the library already: looking for what has changed.", human.Clean(a.path(l.Path)))
		case strings.HasPrefix(string(real), strings.TrimSuffix(string(l.Path), "/")+"/"):
			a.term.note("%s is inside the location %s: looking for what has changed in that.", human.Clean(a.path(path)), human.Clean(a.path(l.Path)))
		default:
			continue
		}
		started, err := invoke(a, api.LocationsRescan, api.LocationRescanInput{LocationID: l.ID}, client.WithSeq(&seq))
		return l, started.JobID, seq, err
	}
	added, err := invoke(a, api.LocationsAdd, api.LocationAddInput{Path: path}, client.WithSeq(&seq))
	return added.Location, added.JobID, seq, err
}

// summary prints what an index job found.
func (a *app) summary(lib api.Library, location api.Location, info api.JobInfo) {
	var out api.IndexOutput
	if info.Output.Decode(&out) != nil {
		a.term.printf("Indexed %s.\n", human.Clean(a.path(location.Path)))
		return
	}
	a.term.printf("Indexed %s in the library %q.\n\n", human.Clean(a.path(location.Path)), human.Clean(lib.Name))
	var l list
	l.add("  files", human.Count(out.Files))
	l.add("  folders", human.Count(out.Folders))
	l.add("  size", human.Size(out.Bytes))
	l.add("  biggest", strings.Join(biggestKinds(out.Kinds), ", "))
	l.add("  changed", out.Changes())
	l.add("  time", jobLength(info.Job))
	l.print(a.term)
	a.warn(info)
}

// biggestKinds returns the kinds that take the most space, with their sizes.
func biggestKinds(kinds map[string]api.Count) []string {
	const most = 4
	var biggest []string
	for _, name := range kindsBySize(kinds) {
		if kinds[name].Bytes > 0 && len(biggest) < most {
			biggest = append(biggest, name+" "+human.Size(kinds[name].Bytes))
		}
	}
	return biggest
}

// warn prints what a job could not do.
func (a *app) warn(info api.JobInfo) {
	if info.Warnings == 0 {
		return
	}
	const most = 3
	a.term.note("")
	a.term.note("%s could not be read:", human.Plural(info.Warnings, "file or folder", "files and folders"))
	for i, w := range info.WarningList {
		if i == most {
			break
		}
		a.term.note("  %s: %s", human.Clean(a.path(w.Path)), human.Clean(w.Message))
	}
	if info.Warnings > most {
		a.term.note("  all of them: %s", a.command("job", "show", info.ID.String()))
	}
}

// nextCommands prints three commands to try, with values from the index.
func (a *app) nextCommands(location api.Location, info api.JobInfo) {
	biggest := a.command("search", "--size", "+10M", "--sort", "size")
	in := api.SearchInput{Sort: "modified", Scope: api.SearchScope{LocationID: location.ID}, Page: api.Page{Limit: 20}}
	var out api.IndexOutput
	if info.Output.Decode(&out) == nil {
		if kinds := biggestKinds(out.Kinds); len(kinds) > 0 {
			kind, _, _ := strings.Cut(kinds[0], " ")
			biggest = a.command("search", "--kind", kind, "--sort", "size", "--limit", "10")
			in.Filters.Kinds = []string{kind} // otherwise folders, which change last, would fill the page
		}
	}
	word := "report"
	if recent, err := invoke(a, api.SearchFiles, in); err == nil {
		word = cmp.Or(searchWord(recent.Hits), word)
	}
	commands := []string{
		a.command("search", word),
		biggest,
		a.command("location", "rescan", string(location.Path)),
	}
	a.term.note("\nTry next:")
	for _, c := range commands {
		a.term.note("  %s", human.Clean(c))
	}
	if u, ok := a.units(); ok && u.Manager == packaging.Systemd && u.Socket.Enabled == "disabled" {
		a.term.note("\nTo start the daemon after the next login or boot too:\n  %s enable %s", a.daemon.Systemctl(), u.Socket.Name)
	}
}

// searchWord returns a word of a file's name that makes a good example.
func searchWord(hits []api.Hit) string {
	for _, h := range hits {
		if h.Entry.Kind == "folder" {
			continue
		}
		name := string(h.Entry.Name)
		word := strings.TrimSuffix(name, filepath.Ext(name))
		if len(word) >= 3 && human.IsClean(word) && !strings.HasPrefix(word, "-") {
			return word
		}
	}
	return ""
}
