package main

import (
	"cmp"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

var _ = register[libraryCmd]("library", groupIndex)

type libraryCmd struct {
	Create libraryCreateCmd `cmd:"" help:"Create a library."`
	List   libraryListCmd   `cmd:"" help:"List the libraries."`
	Info   libraryInfoCmd   `cmd:"" help:"Show a library and what is in it."`
	Rename libraryRenameCmd `cmd:"" help:"Give a library another name."`
	Delete libraryDeleteCmd `cmd:"" help:"Forget a library; the files that it indexes are never touched."`
	Use    libraryUseCmd    `cmd:"" help:"Set the default library, in the configuration file."`
}

type libraryCreateCmd struct {
	Name string `arg:"" help:"Name: 1 to 64 characters of any script, no path separators."`
}

func (c *libraryCreateCmd) Run(a *app) error {
	lib, err := invoke(a, api.LibrariesCreate, api.LibraryCreateInput{Name: c.Name})
	if err != nil {
		return err
	}
	if a.cli.JSON {
		return a.term.printJSON(lib)
	}
	a.term.printf("Created the library %q in %s\n", clean(lib.Name), clean(a.path(lib.Path)))
	return nil
}

type libraryListCmd struct{}

func (*libraryListCmd) Run(a *app) error {
	libs, err := invoke(a, api.LibrariesList, api.Empty{})
	if err != nil {
		return err
	}
	if a.cli.JSON {
		return a.term.printJSON(libs)
	}
	if len(libs.Libraries) == 0 {
		a.term.note("No library yet. Make one with: %s", a.command("library", "create", "NAME"))
		return nil
	}
	ids := make([]protocol.ID, len(libs.Libraries))
	for i, l := range libs.Libraries {
		ids[i] = l.ID
	}
	short := shortIDs(ids)
	t := newTable("ID", "NAME", "STATE", "CREATED", "PATH")
	t.elide = true
	for i, l := range libs.Libraries {
		state := l.State
		if l.Error != "" {
			state += " (" + l.Error + ")"
		}
		name := l.Name
		if a.cli.Library != "" && (a.cli.Library == l.Name || a.cli.Library == l.ID.String()) {
			name += " *"
		}
		t.add(short[i], name, state, formatTime(l.CreatedAt), a.path(l.Path))
	}
	t.print(a.term)
	return nil
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
	if a.cli.JSON {
		return a.term.printJSON(info)
	}
	s := info.Statistics
	var l list
	l.add("name", info.Name)
	l.add("id", info.ID.String())
	l.add("path", a.path(info.Path))
	l.add("created", formatTime(info.CreatedAt))
	l.add("state", info.State)
	l.add("error", info.Error)
	l.add("locations", formatCount(int64(s.Locations)))
	l.add("files", formatCount(s.Files))
	l.add("folders", formatCount(s.Folders))
	l.add("size", formatSize(s.Bytes))
	if s.DuplicateBytes > 0 {
		l.add("in duplicates", formatSize(s.DuplicateBytes))
	}
	l.add("index", formatSize(info.SizeOnDisk)+" on disk")
	l.print(a.term)
	a.printKinds(s.Kinds)
	return nil
}

func (a *app) printKinds(kinds map[string]api.Count) {
	if len(kinds) == 0 {
		return
	}
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Or(cmp.Compare(kinds[y].Bytes, kinds[x].Bytes), cmp.Compare(kinds[y].Files, kinds[x].Files), cmp.Compare(x, y))
	})
	a.term.printf("\n")
	t := newTable("KIND", ">FILES", ">SIZE")
	for _, name := range names {
		t.add(name, formatCount(kinds[name].Files), formatSize(kinds[name].Bytes))
	}
	t.print(a.term)
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
	if a.file.Config.Library == lib.Name && a.file.Path != "" && a.cli.Host == "" {
		if err := config.SetLibrary(a.file.Path, renamed.Name); err != nil {
			return err
		}
		a.term.note("It stays the default library, in %s.", clean(a.file.Path))
	}
	if a.cli.JSON {
		return a.term.printJSON(renamed)
	}
	a.term.printf("Renamed the library %q to %q\n", clean(lib.Name), clean(renamed.Name))
	return nil
}

type libraryDeleteCmd struct {
	Library    string `arg:"" help:"Name or id." complete:"libraries"`
	Yes        bool   `short:"y" help:"Do not ask."`
	DeleteData bool   `help:"Remove the library's own data too. Without it the library can be opened again."`
}

func (c *libraryDeleteCmd) Run(a *app) error {
	lib, err := a.findLibrary(c.Library)
	if err != nil {
		return err
	}
	if !c.Yes {
		question := "Forget the library \"" + clean(lib.Name) + "\"? Its data stays in " + clean(string(lib.Path)) + "."
		if c.DeleteData {
			question = "Delete the library \"" + clean(lib.Name) + "\" and its data in " + clean(string(lib.Path)) + "?"
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
	if a.file.Config.Library == lib.Name && a.file.Path != "" && a.cli.Host == "" {
		if err := config.SetLibrary(a.file.Path, ""); err != nil {
			return err
		}
		a.term.note("It was the default library; now there is none, in %s.", clean(a.file.Path))
	}
	if a.cli.JSON {
		return a.term.printJSON(deleted)
	}
	if deleted.DataDeleted {
		a.term.printf("Deleted the library %q and its data\n", clean(deleted.Name))
	} else {
		a.term.printf("Forgot the library %q; its data is in %s\n", clean(deleted.Name), clean(a.path(deleted.Path)))
	}
	return nil
}

type libraryUseCmd struct {
	Name string `arg:"" help:"Name or id." complete:"libraries"`
}

func (c *libraryUseCmd) Run(a *app) error {
	lib, err := a.findLibrary(c.Name)
	if err != nil {
		return err
	}
	if a.file.Path == "" {
		return protocol.Errorf(protocol.OperationFailed, "there is no place for a configuration file").WithHint("set HOME, or name a file with --config")
	}
	if err := config.SetLibrary(a.file.Path, lib.Name); err != nil {
		return err
	}
	if a.cli.JSON {
		return a.term.printJSON(lib)
	}
	a.term.printf("The default library is now %q, in %s\n", clean(lib.Name), clean(a.file.Path))
	if s := a.source("library"); s.given() {
		a.term.note("In this shell %s still says %q.", envName("library"), clean(a.cli.Library))
	}
	return nil
}
