package main

import (
	"cmp"
	"maps"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/client/pick"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

var _ = register[libraryCmd]("library", groupIndex)

type libraryCmd struct {
	Create libraryCreateCmd `cmd:"" help:"Create a library."`
	List   libraryListCmd   `cmd:"" help:"List the libraries."`
	Info   libraryInfoCmd   `cmd:"" help:"Show a library and what is in it."`
	Rename libraryRenameCmd `cmd:"" help:"Give a library another name."`
	Delete libraryDeleteCmd `cmd:"" help:"Forget a library; the files that it indexes are never touched."`
	Use    libraryUseCmd    `cmd:"" help:"Set the default library of the instance, in the configuration file."`
}

type libraryCreateCmd struct {
	Name string `arg:"" help:"Name: 1 to 64 characters of any script, no path separators."`
}

func (c *libraryCreateCmd) Run(a *app) error {
	lib, err := invoke(a, api.LibrariesCreate, api.LibraryCreateInput{Name: c.Name})
	if err != nil {
		return err
	}
	return a.term.result(lib, "Created the library %q in %s\n", lib.Name, a.path(lib.Path))
}

type libraryListCmd struct{}

func (*libraryListCmd) Run(a *app) error {
	libs, err := invoke(a, api.LibrariesList, api.Empty{})
	if err != nil {
		return err
	}
	return a.term.show(libs, func() { a.printLibraries(libs.Libraries) })
}

func (a *app) printLibraries(libs []api.Library) {
	if len(libs) == 0 {
		a.term.note("No library yet. Make one with: %s", a.command("library", "create", "NAME"))
		return
	}
	short := pick.ShortIDs(libs, func(l api.Library) protocol.ID { return l.ID })
	t := newTable("ID", "NAME", "STATE", "CREATED", "PATH")
	t.elide = true
	for i, l := range libs {
		state := l.State
		if l.Error != "" {
			state += " (" + l.Error + ")"
		}
		name := l.Name
		if a.cli.Library != "" && (a.cli.Library == l.Name || a.cli.Library == l.ID.String()) {
			name += " *"
		}
		t.add(short[i], name, state, human.Time(l.CreatedAt), a.path(l.Path))
	}
	t.print(a.term)
}

type libraryInfoCmd struct {
	Library string `arg:"" optional:"" help:"Name or id (default: the library in use)." complete:"libraries"`
}

func (c *libraryInfoCmd) Run(a *app) error {
	if c.Library != "" {
		lib, err := a.findLibrary(c.Library)
		if err != nil {
			return err
		}
		a.library = &lib.ID
	}
	info, err := invoke(a, api.LibrariesInfo, api.Empty{})
	if err != nil {
		return err
	}
	return a.term.show(info, func() { a.printLibrary(info) })
}

func (a *app) printLibrary(info api.LibraryInfo) {
	s := info.Statistics
	var l list
	l.add("name", info.Name)
	l.add("id", info.ID.String())
	l.add("path", a.path(info.Path))
	l.add("created", human.Time(info.CreatedAt))
	l.add("state", info.State)
	l.add("error", info.Error)
	l.add("locations", human.Count(int64(s.Locations)))
	l.add("files", human.Count(s.Files))
	l.add("folders", human.Count(s.Folders))
	l.add("size", human.Size(s.Bytes))
	if s.DuplicateBytes > 0 {
		l.add("in duplicates", human.Size(s.DuplicateBytes))
	}
	l.add("index", human.Size(info.SizeOnDisk)+" on disk")
	l.print(a.term)
	if len(s.Kinds) == 0 {
		return
	}
	a.term.printf("\n")
	t := newTable("KIND", ">FILES", ">SIZE")
	for _, name := range kindsBySize(s.Kinds) {
		t.add(name, human.Count(s.Kinds[name].Files), human.Size(s.Kinds[name].Bytes))
	}
	t.print(a.term)
}

// kindsBySize returns the names of kinds, the largest first.
func kindsBySize(kinds map[string]api.Count) []string {
	return slices.SortedFunc(maps.Keys(kinds), func(x, y string) int {
		return cmp.Or(cmp.Compare(kinds[y].Bytes, kinds[x].Bytes), cmp.Compare(kinds[y].Files, kinds[x].Files), cmp.Compare(x, y))
	})
}

type libraryRenameCmd struct {
	Library string `arg:"" help:"Name or id." complete:"libraries"`
	NewName string `arg:"" help:"New name."`
}

func (c *libraryRenameCmd) Run(a *app) error {
	lib, err := a.findLibrary(c.Library)
	if err != nil {
		return err
	}
	renamed, err := invoke(a, api.LibrariesRename, api.LibraryRenameInput{NewName: c.NewName}, client.InLibrary(lib.ID))
	if err != nil {
		return err
	}
	if a.ownDefault() == lib.Name {
		if err := a.setDefaultLibrary(renamed.Name); err != nil {
			return err
		}
		a.term.note("It stays the default library, in %s.", human.Clean(a.file.Path))
	}
	return a.term.result(renamed, "Renamed the library %q to %q\n", lib.Name, renamed.Name)
}

type libraryDeleteCmd struct {
	Library    string `arg:"" help:"Name or id." complete:"libraries"`
	Yes        bool   `env:"-" short:"y" help:"Do not ask."`
	DeleteData bool   `env:"-" help:"Remove the library's own data too. Without it the library can be opened again."`
}

func (c *libraryDeleteCmd) Run(a *app) error {
	lib, err := a.findLibrary(c.Library)
	if err != nil {
		return err
	}
	if !c.Yes {
		question := "Forget the library \"" + human.Clean(lib.Name) + "\"? Its data stays in " + human.Clean(string(lib.Path)) + "."
		if c.DeleteData {
			question = "Delete the library \"" + human.Clean(lib.Name) + "\" and its data in " + human.Clean(string(lib.Path)) + "?"
		}
		if !a.term.asks() {
			return usage("deleting the library %q needs --yes where nobody can be asked", lib.Name)
		}
		yes, err := a.term.confirm(a.ctx, question)
		if err != nil {
			return err
		}
		if !yes {
			a.term.note("Nothing was deleted.")
			return exitError(exitFailed)
		}
	}
	deleted, err := invoke(a, api.LibrariesDelete, api.LibraryDeleteInput{DeleteData: c.DeleteData}, client.InLibrary(lib.ID))
	if err != nil {
		return err
	}
	if a.ownDefault() == lib.Name {
		if err := a.setDefaultLibrary(""); err != nil {
			return err
		}
		a.term.note("It was the default library; now there is none, in %s.", human.Clean(a.file.Path))
	}
	if deleted.DataDeleted {
		return a.term.result(deleted, "Deleted the library %q and its data\n", deleted.Name)
	}
	return a.term.result(deleted, "Forgot the library %q; its data is in %s\n", deleted.Name, a.path(deleted.Path))
}

type libraryUseCmd struct {
	Name string `arg:"" help:"Name or id." complete:"libraries"`
}

func (c *libraryUseCmd) Run(a *app) error {
	lib, err := a.findLibrary(c.Name)
	if err != nil {
		return err
	}
	if err := a.setDefaultLibrary(lib.Name); err != nil {
		return err
	}
	of := ""
	if place := a.libraryPlace(); place == a.daemon.Instance {
		of = " of the instance " + place
	} else if place != "" {
		of = " of " + place
	}
	if s := a.source("library"); s.Given() && !a.cli.JSON {
		a.term.note("In this shell %s still says %q.", flags.EnvName("library"), human.Clean(a.cli.Library))
	}
	return a.term.result(lib, "The default library%s is now %q, in %s\n", of, lib.Name, a.file.Path)
}
