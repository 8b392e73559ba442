package api

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Operations on jobs.
var (
	JobsList   = protocol.LibraryQuery[JobListInput, Jobs]("jobs.list", "List a library's jobs, newest first")
	JobsInfo   = protocol.LibraryQuery[JobInfoInput, JobInfo]("jobs.info", "Show a job with its output")
	JobsPause  = protocol.LibraryAction[JobInput, Job]("jobs.pause", "Pause a job at its next checkpoint")
	JobsResume = protocol.LibraryAction[JobInput, Job]("jobs.resume", "Let a paused job go on")
	JobsCancel = protocol.LibraryAction[JobInput, Job]("jobs.cancel", "Cancel a job; what it did so far stays")
)

// A JobStatus is a job's place in its life.
type JobStatus string

// The states of a job.
const (
	JobQueued    JobStatus = "queued"
	JobRunning   JobStatus = "running"
	JobPaused    JobStatus = "paused"
	JobCompleted JobStatus = "completed"
	JobFailed    JobStatus = "failed"
	JobCancelled JobStatus = "cancelled"
)

// JobStatuses lists the states of a job.
var JobStatuses = []JobStatus{JobQueued, JobRunning, JobPaused, JobCompleted, JobFailed, JobCancelled}

// Finished reports whether a job in this state will never run again.
func (s JobStatus) Finished() bool {
	return s == JobCompleted || s == JobFailed || s == JobCancelled
}

// Job is a piece of long work.
type Job struct {
	ID         ID              `json:"id"`
	Kind       string          `json:"kind" jsonschema:"index, ..."`
	Status     JobStatus       `json:"status" jsonschema:"queued, running, paused, completed, failed or cancelled"`
	LibraryID  ID              `json:"library_id"`
	LocationID ID              `json:"location_id,omitzero"`
	Progress   Progress        `json:"progress"`
	Error      *protocol.Error `json:"error,omitzero" jsonschema:"why it failed, or why it was paused by the daemon"`
	Warnings   int64           `json:"warnings" jsonschema:"how many things could not be done; listed by jobs.info"`
	TraceID    string          `json:"trace_id,omitzero" jsonschema:"of the call that started it"`
	CreatedAt  time.Time       `json:"created_at"`
	StartedAt  time.Time       `json:"started_at,omitzero"`
	FinishedAt time.Time       `json:"finished_at,omitzero"`
}

// Progress tells how far a job is. Totals are 0 where they are not known.
type Progress struct {
	Phase      string  `json:"phase,omitzero" jsonschema:"scan, hash, ..."`
	Done       int64   `json:"done" jsonschema:"entries"`
	Total      int64   `json:"total,omitzero"`
	BytesDone  int64   `json:"bytes_done,omitzero"`
	BytesTotal int64   `json:"bytes_total,omitzero"`
	Rate       float64 `json:"rate,omitzero" jsonschema:"entries a second"`
	ETAMS      int64   `json:"eta_ms,omitzero"`
	Current    Path    `json:"current,omitzero" jsonschema:"what is being worked on"`
}

// JobListInput asks for a page of jobs.
type JobListInput struct {
	Status JobStatus `json:"status,omitzero" jsonschema:"only jobs in this state"`
	Kind   string    `json:"kind,omitzero" jsonschema:"only jobs of this kind"`
	Page
}

// Validate checks the status and the page.
func (in *JobListInput) Validate() error {
	switch in.Status {
	case "", JobQueued, JobRunning, JobPaused, JobCompleted, JobFailed, JobCancelled:
		return in.Page.Validate()
	}
	return protocol.Invalid("status", "no job status %q", in.Status).
		WithHint("one of queued, running, paused, completed, failed, cancelled")
}

// Jobs is a page of jobs, newest first.
type Jobs struct {
	Jobs       []Job  `json:"jobs"`
	NextCursor string `json:"next_cursor,omitzero"`
}

// JobInput names a job.
type JobInput struct {
	JobID ID `json:"job_id"`
}

// Validate checks that a job is named.
func (in *JobInput) Validate() error { return given("job_id", in.JobID) }

// JobInfoInput names a job and a page of its warnings.
type JobInfoInput struct {
	JobID ID `json:"job_id"`
	Page
}

// Validate checks that a job is named, and the page.
func (in *JobInfoInput) Validate() error {
	if err := given("job_id", in.JobID); err != nil {
		return err
	}
	return in.Page.Validate()
}

// JobInfo is a job with its output.
type JobInfo struct {
	Job
	Output      protocol.Value `json:"output,omitzero" jsonschema:"what the job found or did, by kind; null until it has finished"`
	WarningList []Warning      `json:"warning_list" jsonschema:"a page of the warnings; the first 10,000 of a job are kept"`
	NextCursor  string         `json:"next_cursor,omitzero" jsonschema:"for the next page of warnings"`
}

// Warning is one thing that a job could not do.
type Warning struct {
	Path    Path          `json:"path"`
	Code    protocol.Code `json:"code"`
	Message string        `json:"message"`
}

// IndexOutput is the output of a job of kind index.
type IndexOutput struct {
	Files     int64            `json:"files" jsonschema:"in the location, after the scan"`
	Folders   int64            `json:"folders"`
	Bytes     int64            `json:"bytes"`
	Kinds     map[string]Count `json:"kinds"`
	Created   int64            `json:"created" jsonschema:"entries that the index did not have before"`
	Modified  int64            `json:"modified"`
	Moved     int64            `json:"moved" jsonschema:"entries that were renamed or moved, with their ids"`
	Deleted   int64            `json:"deleted"`
	Hashed    int64            `json:"hashed" jsonschema:"files whose content was read"`
	Skipped   int64            `json:"skipped" jsonschema:"pseudo file systems left out"`
	ElapsedMS int64            `json:"elapsed_ms" jsonschema:"time that the job ran"`
}
