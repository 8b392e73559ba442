package main

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

var (
	_ = register[indexCmd]("index", groupIndex)
	_ = registerReport(api.ScanJob.Kind, (*app).printScan)
)

type indexCmd struct {
	Paths      []string `arg:"" name:"path" help:"Files and folders." complete:"file"`
	Mode       string   `help:"How much is read of a file (default: shallow). shallow: names, sizes, times, kinds by extension; content: and content, which finds the duplicates, kinds by magic bytes; deep: and media metadata." enum:"shallow, content, deep" default:"shallow" placeholder:"MODE"`
	Persistent bool     `env:"-" help:"Rescan these parts of a location instead: what is found goes into the index."`
	Hidden     bool     `help:"Also hidden files, and what is in hidden folders."`
	NoWait     bool     `help:"Do not wait until it is done."`
}

// indexJob is the document that --json prints.
type indexJob struct {
	JobID protocol.ID  `json:"job_id"`
	Job   *api.JobInfo `json:"job,omitzero"` // unless --no-wait
}

func (c *indexCmd) Run(a *app) error {
	in := api.IndexingStartInput{Mode: api.IndexMode(c.Mode), IncludeHidden: c.Hidden, Persistence: api.Ephemeral}
	for _, name := range c.Paths {
		path, err := absolute(name, a.cli.Host != "")
		if err != nil {
			return err
		}
		in.Paths = append(in.Paths, path)
	}
	var lib protocol.ID // of the job
	if c.Persistent {
		in.Persistence = api.Persistent
		var err error
		if lib, err = a.libraryID(); err != nil {
			return err
		}
	} else if a.source("library") == flags.FromFlag {
		return usage("--library goes with --persistent: a scan without it is of no library")
	}
	var seq uint64
	started, err := invoke(a, api.IndexingStart, in, client.InLibrary(lib), client.WithSeq(&seq))
	if err != nil {
		return badFlag(err, "mode", "--mode")
	}
	if c.NoWait {
		return a.term.show(indexJob{JobID: started.JobID}, func() {
			a.term.printf("The job is %s\n", started.JobID)
			a.term.note("To watch it: %s", a.command("job", "watch", started.JobID.String()))
		})
	}
	info, err := a.await(started.JobID, lib, seq)
	if err != nil {
		return err
	}
	title := "Scanned "
	if c.Persistent {
		title = "Rescanned "
	}
	return a.reportJob(indexJob{started.JobID, &info}, info, title+a.pathList(in.Paths))
}

// absolute returns the absolute path of what a person named. On another machine
// nothing is relative to the current folder.
func absolute(name string, remote bool) (protocol.Path, error) {
	if remote {
		if !filepath.IsAbs(name) {
			return "", usage("the path %q is of another machine, and must be absolute", name)
		}
		return protocol.Path(filepath.Clean(name)), nil
	}
	path, err := filepath.Abs(name)
	return protocol.Path(path), err
}

// pathList names a few paths.
func (a *app) pathList(paths []protocol.Path) string {
	const most = 3
	var names []string
	for _, p := range paths[:min(most, len(paths))] {
		names = append(names, a.path(p))
	}
	list := strings.Join(names, ", ")
	if more := len(paths) - most; more > 0 {
		list += " and " + human.Plural(int64(more), "other", "others")
	}
	return list
}

// Of the duplicates people see so much; --json shows more.
const (
	groupsShown     = 10
	groupPathsShown = 5
)

// printScan prints what a scan has found.
func (a *app) printScan(info api.JobInfo) {
	var out api.ScanOutput
	if info.Output.Decode(&out) != nil {
		return // of a daemon of another version
	}
	var l list
	l.add("on disk", human.Size(out.Disk))
	if out.Hidden > 0 {
		l.add("hidden", human.Plural(out.Hidden, "file or folder", "files and folders")+" left out; --hidden counts them")
	}
	if out.Skipped > 0 {
		l.add("skipped", human.Plural(out.Skipped, "folder", "folders")+" of pseudo file systems, or of spacedrive")
	}
	a.term.printf("\n")
	l.print(a.term)
	if len(out.Kinds) > 0 {
		a.term.printf("\n")
		a.kindTable(out.Kinds).print(a.term)
	}
	if len(out.Biggest) > 0 {
		t := newTable(">SIZE", "MODIFIED", "KIND", "BIGGEST FILES")
		t.elide = true
		for _, f := range out.Biggest {
			t.add(human.Size(f.Size), human.Time(f.ModifiedAt), f.Kind, a.path(f.Path))
		}
		a.term.printf("\n")
		t.print(a.term)
	}
	a.printDuplicates(out.Duplicates)
}

// kindTable has the kinds of files, those first that take the most room.
func (a *app) kindTable(kinds map[string]api.Count) *table {
	t := newTable("KIND", ">FILES", ">SIZE")
	for _, name := range slices.SortedFunc(maps.Keys(kinds), func(x, y string) int {
		return cmp.Or(cmp.Compare(kinds[y].Bytes, kinds[x].Bytes), cmp.Compare(kinds[y].Files, kinds[x].Files), cmp.Compare(x, y))
	}) {
		t.add(name, human.Count(kinds[name].Files), human.Size(kinds[name].Bytes))
	}
	return t
}

func (a *app) printDuplicates(d api.Duplicates) {
	what, by := "Duplicates", "content"
	if d.By == api.ByName {
		what, by = "Likely duplicates", "name and size; --mode content compares what is in them"
	}
	if d.Count == 0 {
		a.term.printf("\nNo duplicates by %s.\n", by)
		return
	}
	a.term.printf("\n%s, by %s: %s in %s, %s wasted\n\n", what, by,
		human.Plural(d.Files, "file", "files"), human.Plural(d.Count, "group", "groups"), human.Size(d.WastedBytes))
	t := newTable(">WASTED", ">SIZE", ">FILES", "PATHS")
	t.elide = true
	for _, g := range d.Groups[:min(groupsShown, len(d.Groups))] {
		cells := []string{human.Size(g.WastedBytes), human.Size(g.Size), human.Count(g.Files)}
		for _, p := range g.Paths[:min(groupPathsShown, len(g.Paths))] {
			t.add(append(cells, a.path(p))...)
			cells = []string{"", "", ""}
		}
		if more := g.Files - groupPathsShown; more > 0 {
			t.add("", "", "", "and "+human.Plural(more, "other", "others"))
		}
	}
	t.print(a.term)
	if d.Count > groupsShown {
		a.term.note("%s more; --json shows the first 100.", human.Plural(d.Count-groupsShown, "group", "groups"))
	}
}
