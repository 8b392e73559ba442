package main

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/client/pick"
	"github.com/spacedrive-go/spacedrive/protocol/client/watch"
)

var _ = register[jobCmd]("job", groupIndex)

type jobCmd struct {
	List   jobListCmd   `cmd:"" help:"List the library's jobs, newest first."`
	Show   jobShowCmd   `cmd:"" help:"Show a job with its output and warnings."`
	Watch  jobWatchCmd  `cmd:"" help:"Watch a job, or all unfinished ones, to the end."`
	Pause  jobPauseCmd  `cmd:"" help:"Pause a job at its next checkpoint."`
	Resume jobResumeCmd `cmd:"" help:"Let a paused job go on."`
	Cancel jobCancelCmd `cmd:"" help:"Cancel a job; what it did so far stays."`
}

type jobListCmd struct {
	Status string `help:"Only jobs in this state: queued, running, paused, completed, failed or cancelled." enum:",queued,running,paused,completed,failed,cancelled" default:"" placeholder:"STATE"`
	Kind   string `help:"Only jobs of this kind." placeholder:"KIND"`
	Limit  int    `help:"At most so many." default:"100" placeholder:"N"`
}

func (c *jobListCmd) Run(a *app) error {
	if c.Limit < 1 || c.Limit > api.MaxLimit {
		return usage("--limit: must be from 1 to %d", api.MaxLimit)
	}
	page, err := invoke(a, api.JobsList, api.JobListInput{
		Status: api.JobStatus(c.Status), Kind: c.Kind, Page: api.Page{Limit: c.Limit},
	})
	if err != nil {
		return err
	}
	return a.term.show(page, func() { a.printJobs(page) })
}

func (a *app) printJobs(page api.Jobs) {
	if len(page.Jobs) == 0 {
		a.term.note("No job.")
		return
	}
	short := pick.ShortIDs(page.Jobs, func(j api.Job) protocol.ID { return j.ID })
	t := newTable("ID", "KIND", "STATUS", ">DONE", ">WARNINGS", "CREATED", "TIME")
	for i, j := range page.Jobs {
		t.add(short[i], j.Kind, string(j.Status), human.Count(j.Progress.Done), human.Count(j.Warnings), human.Time(j.CreatedAt), jobLength(j))
	}
	t.print(a.term)
	if page.NextCursor != "" {
		a.term.note("There are more; --limit shows them.")
	}
}

// jobLength writes how long a job ran, so far or in all.
func jobLength(j api.Job) string {
	if j.StartedAt.IsZero() {
		return ""
	}
	return human.Duration(milliseconds(j.ElapsedMS))
}

type jobShowCmd struct {
	ID string `arg:"" help:"Id of the job." complete:"jobs"`
}

func (c *jobShowCmd) Run(a *app) error {
	id, err := a.findJob(c.ID)
	if err != nil {
		return err
	}
	info, err := invoke(a, api.JobsInfo, api.JobInfoInput{JobID: id, Page: api.Page{Limit: api.MaxLimit}})
	if err != nil {
		return err
	}
	return a.term.show(info, func() { a.printJob(info) })
}

func (a *app) printJob(info api.JobInfo) {
	var l list
	l.add("id", info.ID.String())
	l.add("kind", info.Kind)
	l.add("status", string(info.Status))
	if info.Status.Finished() {
		l.add("done", human.Count(info.Progress.Done))
	} else {
		l.add("progress", watch.Progress(info.Kind, info.Status, info.Progress))
	}
	if w := info.WaitingFor; w != nil {
		l.add("waits for", waitsFor(w))
	}
	if info.Error != nil {
		why := *info.Error
		why.Hint = a.advice(why.Hint)
		l.add("error", why.Error())
	}
	l.add("created", human.Time(info.CreatedAt))
	l.add("started", human.Time(info.StartedAt))
	l.add("finished", human.Time(info.FinishedAt))
	l.add("time", jobLength(info.Job))
	l.add("trace", info.TraceID)
	if info.Status == api.JobCompleted {
		l.add("result", outcome(info))
	}
	if info.Warnings > 0 {
		l.add("warnings", human.Count(info.Warnings))
	}
	l.print(a.term)
	a.showReport(info)
	if len(info.WarningList) > 0 {
		a.term.printf("\n")
		t := newTable("WARNING", "PATH", "MESSAGE")
		for _, w := range info.WarningList {
			t.add(string(w.Code), a.path(w.Path), w.Message)
		}
		t.print(a.term)
	}
	if info.NextCursor != "" {
		a.term.note("There are more warnings; the daemon's operation jobs.info pages through them.")
	}
}

// jobReports print what jobs of a kind have done, where a line is not enough.
var jobReports = make(map[string]func(*app, api.JobInfo))

// registerReport adds one. It returns whether there was none.
func registerReport(kind string, print func(*app, api.JobInfo)) bool {
	_, there := jobReports[kind]
	jobReports[kind] = print
	return !there
}

func (a *app) showReport(info api.JobInfo) {
	if print := jobReports[info.Kind]; print != nil && info.Status == api.JobCompleted {
		print(a, info)
	}
}

// waitsFor says why a queued job does not run.
func waitsFor(w *api.JobWait) string {
	switch {
	case w.Reason == api.WaitDisk && w.Path != "":
		return "other jobs on the disk of " + human.Clean(string(w.Path))
	case w.Reason == api.WaitDisk:
		return "other jobs"
	case w.Path != "":
		return "the job " + w.JobID.String() + ", at " + human.Clean(string(w.Path))
	}
	return "the job " + w.JobID.String()
}

type jobWatchCmd struct {
	ID string `arg:"" optional:"" help:"Id of the job (default: all that have not ended)." complete:"jobs-unfinished"`
}

func (c *jobWatchCmd) Run(a *app) error {
	if c.ID != "" {
		id, err := a.findJob(c.ID)
		if err != nil {
			return err
		}
		return a.watchOne(id)
	}
	lib, err := a.libraryOf(protocol.Core, true)
	if err != nil {
		return err
	}
	var seq uint64
	page, err := invoke(a, api.JobsList, api.JobListInput{Page: api.Page{Limit: api.MaxLimit}}, client.WithSeq(&seq))
	if err != nil {
		return err
	}
	var ids []protocol.ID
	for _, j := range page.Jobs {
		if !j.Status.Finished() && j.Status != api.JobPaused {
			ids = append(ids, j.ID)
		}
	}
	// In the order in which they were created.
	slices.SortFunc(ids, func(a, b protocol.ID) int { return bytes.Compare(a[:], b[:]) })
	infos, err := a.awaitAll(ids, lib, seq)
	if err != nil {
		return err
	}
	return a.reportJobs(infos)
}

// reportJobs prints how jobs ended.
func (a *app) reportJobs(infos []api.JobInfo) error {
	jobs := api.Jobs{Jobs: []api.Job{}}
	var failed error
	for _, info := range infos {
		jobs.Jobs = append(jobs.Jobs, info.Job)
		if err := watch.Error(&info.Job); err != nil {
			failed = err
		}
	}
	err := a.term.show(jobs, func() {
		if len(jobs.Jobs) == 0 {
			a.term.note("No job is running.")
		}
		for _, j := range jobs.Jobs {
			a.term.printf("%s %s %s\n", j.ID, human.Clean(j.Kind), j.Status)
		}
	})
	return cmp.Or(err, failed)
}

func (a *app) watchOne(id protocol.ID) error {
	lib, err := a.libraryOf(protocol.Core, true)
	if err != nil {
		return err
	}
	var seq uint64
	before, err := invoke(a, api.JobsInfo, api.JobInfoInput{JobID: id}, client.WithSeq(&seq))
	if err != nil {
		return err
	}
	if before.Status == api.JobPaused {
		return protocol.Errorf(protocol.Conflict, "the job %s is paused", id).WithHint("let it go on with: %s", a.command("job", "resume", id.String()))
	}
	info, err := a.await(id, lib, seq)
	if err != nil {
		return err
	}
	return a.reportJob(info, info, watch.Title(info.Kind)+" "+string(info.Status))
}

type jobPauseCmd struct {
	ID string `arg:"" help:"Id of the job." complete:"jobs-active"`
}

func (c *jobPauseCmd) Run(a *app) error { return a.changeJob(c.ID, api.JobsPause) }

type jobResumeCmd struct {
	ID string `arg:"" help:"Id of the job." complete:"jobs-paused"`
}

func (c *jobResumeCmd) Run(a *app) error { return a.changeJob(c.ID, api.JobsResume) }

type jobCancelCmd struct {
	ID string `arg:"" help:"Id of the job." complete:"jobs-unfinished"`
}

func (c *jobCancelCmd) Run(a *app) error { return a.changeJob(c.ID, api.JobsCancel) }

func (a *app) changeJob(word string, op protocol.Operation[api.JobInput, api.Job]) error {
	id, err := a.findJob(word)
	if err != nil {
		return err
	}
	job, err := invoke(a, op, api.JobInput{JobID: id})
	if err != nil {
		return err
	}
	return a.term.result(job, "The job %s is %s\n", job.ID, job.Status)
}
