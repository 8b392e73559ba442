package main

import (
	"cmp"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/client/pick"
)

var _ = register[locationCmd]("location", groupIndex)

type locationCmd struct {
	Add    locationAddCmd    `cmd:"" help:"Add a folder to the library and index it."`
	List   locationListCmd   `cmd:"" help:"List the library's locations."`
	Remove locationRemoveCmd `cmd:"" help:"Forget a location and its entries; nothing on disk is touched."`
	Rescan locationRescanCmd `cmd:"" help:"Look for what has changed in a location."`
}

type locationAddCmd struct {
	Path   string `arg:"" help:"Folder to index." complete:"dir"`
	Name   string `help:"Name of the location (default: the folder's)."`
	Mode   string `help:"How much is read of a file (default: shallow). shallow: names, sizes, times, kinds by extension; content: and content identity, kinds by magic bytes; deep: and media metadata." enum:"shallow, content, deep" default:"shallow" placeholder:"MODE"`
	NoWait bool   `help:"Do not wait until it is indexed."`
}

// locationJob is the document that --json prints of add and rescan.
type locationJob struct {
	Location api.Location `json:"location"`
	JobID    protocol.ID  `json:"job_id"`
	Job      *api.JobInfo `json:"job,omitzero"` // unless --no-wait
}

func (c *locationAddCmd) Run(a *app) error {
	path, err := folderPath(c.Path, a.cli.Host != "")
	if err != nil {
		return err
	}
	var seq uint64
	added, err := invoke(a, api.LocationsAdd,
		api.LocationAddInput{Path: path, Name: c.Name, Mode: api.IndexMode(c.Mode)}, client.WithSeq(&seq))
	if err != nil {
		return err
	}
	return a.finishLocation(added.Location, added.JobID, seq, c.NoWait, "Added")
}

// finishLocation waits for the job that indexes a location and prints its result.
func (a *app) finishLocation(l api.Location, job protocol.ID, seq uint64, noWait bool, done string) error {
	if noWait {
		return a.term.show(locationJob{Location: l, JobID: job}, func() {
			a.term.printf("%s %s, the job is %s\n", done, human.Clean(a.path(l.Path)), job)
			a.term.note("To watch it: %s", a.command("job", "watch", job.String()))
		})
	}
	lib, err := a.libraryID()
	if err != nil {
		return err
	}
	info, err := a.await(job, lib, seq)
	if err != nil {
		return err
	}
	return a.reportJob(locationJob{l, job, &info}, info, done+" "+a.path(l.Path))
}

// outcome describes in a line what a job has done.
func outcome(info api.JobInfo) string {
	if k := api.FindJobKind(info.Kind); k != nil && info.Status == api.JobCompleted {
		if line, err := k.Summary(info.Output); err == nil {
			return human.Clean(line) + "; " + jobLength(info.Job)
		}
	}
	return string(info.Status)
}

// reportJob prints a job that completed, v with --json. It returns the exit code
// of one that could not do everything.
func (a *app) reportJob(v any, info api.JobInfo, title string) error {
	err := a.term.show(v, func() {
		a.term.printf("%s: %s\n", human.Clean(title), outcome(info))
		a.showReport(info)
		a.warn(info)
	})
	return cmp.Or(err, inPart(info))
}

// inPart is the exit code of a job that could not do everything.
func inPart(info api.JobInfo) error {
	if info.Warnings > 0 {
		return exitError(exitPart)
	}
	return nil
}

type locationListCmd struct{}

func (*locationListCmd) Run(a *app) error {
	locations, err := a.locations()
	if err != nil {
		return err
	}
	return a.term.show(api.Locations{Locations: locations}, func() { a.printLocations(locations) })
}

func (a *app) printLocations(locations []api.Location) {
	if len(locations) == 0 {
		a.term.note("No location yet. Add one with: %s", a.command("location", "add", "PATH"))
		return
	}
	short := pick.ShortIDs(locations, func(l api.Location) protocol.ID { return l.ID })
	t := newTable("ID", "NAME", "STATE", "MODE", ">FILES", ">FOLDERS", ">SIZE", "LAST SCAN", "PATH")
	t.elide = true
	for i, l := range locations {
		state := string(l.State)
		if l.State == api.Online && l.Watching {
			state = "watching"
		}
		if l.Reason != "" {
			state += " (" + l.Reason + ")"
		}
		t.add(short[i], l.Name, state, string(l.Mode), human.Count(l.Files), human.Count(l.Folders),
			human.Size(l.Bytes), human.Time(l.LastScan), a.path(l.Path))
	}
	t.print(a.term)
}

// path writes a path as a result shows it: short for people, whole for programs.
func (a *app) path(p protocol.Path) string {
	if a.term.outTTY && a.cli.Host == "" {
		return human.Path(p)
	}
	return string(p)
}

type locationRemoveCmd struct {
	Location string `arg:"" help:"Path, name, or id." complete:"locations,dir"`
}

func (c *locationRemoveCmd) Run(a *app) error {
	l, err := a.findLocation(c.Location)
	if err != nil {
		return err
	}
	removed, err := invoke(a, api.LocationsRemove, api.LocationRemoveInput{LocationID: l.ID})
	if err != nil {
		return err
	}
	return a.term.result(removed, "Removed %s with %s from the index. Nothing on disk was touched.\n", a.path(l.Path), human.Plural(removed.RemovedEntries, "entry", "entries"))
}

type locationRescanCmd struct {
	Location string `arg:"" help:"Path, name, or id." complete:"locations,dir"`
	Full     bool   `env:"-" help:"Read every folder and hash every file again, changed or not."`
	NoWait   bool   `help:"Do not wait until it is done."`
}

func (c *locationRescanCmd) Run(a *app) error {
	l, err := a.findLocation(c.Location)
	if err != nil {
		return err
	}
	var seq uint64
	started, err := invoke(a, api.LocationsRescan, api.LocationRescanInput{LocationID: l.ID, FullRescan: c.Full}, client.WithSeq(&seq))
	if err != nil {
		return err
	}
	return a.finishLocation(l, started.JobID, seq, c.NoWait, "Rescanned")
}
