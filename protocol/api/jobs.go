package api

import (
	"slices"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Operations on jobs.
var (
	JobsList   = protocol.CoreQuery[JobListInput, Jobs]("jobs.list", "List the jobs of the instance, or of one library, newest first").Optional()
	JobsInfo   = protocol.CoreQuery[JobInfoInput, JobInfo]("jobs.info", "Show a job with its output").Optional()
	JobsPause  = protocol.CoreAction[JobInput, Job]("jobs.pause", "Pause a job at its next checkpoint").Optional()
	JobsResume = protocol.CoreAction[JobInput, Job]("jobs.resume", "Let a paused job go on").Optional()
	JobsCancel = protocol.CoreAction[JobInput, Job]("jobs.cancel", "Cancel a job; what it did so far stays").Optional()
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
var JobStatuses = protocol.Enumeration(JobQueued, JobRunning, JobPaused, JobCompleted, JobFailed, JobCancelled)

// Finished reports whether a job in this state will never run again.
func (s JobStatus) Finished() bool {
	return s == JobCompleted || s == JobFailed || s == JobCancelled
}

// Job is a piece of long work.
type Job struct {
	ID         ID              `json:"id"`
	Kind       string          `json:"kind" jsonschema:"one of those under jobs in core.methods"`
	Status     JobStatus       `json:"status" jsonschema:"queued, running, paused, completed, failed or cancelled"`
	LibraryID  ID              `json:"library_id,omitzero" jsonschema:"left out for a job of the instance itself"`
	LocationID ID              `json:"location_id,omitzero"`
	Progress   Progress        `json:"progress"`
	Error      *protocol.Error `json:"error,omitzero" jsonschema:"why it failed, or why it was paused by the daemon"`
	Warnings   int64           `json:"warnings" jsonschema:"how many things could not be done; listed by jobs.info"`
	TraceID    string          `json:"trace_id,omitzero" jsonschema:"of the call that started it"`
	CreatedAt  time.Time       `json:"created_at"`
	StartedAt  time.Time       `json:"started_at,omitzero"`
	FinishedAt time.Time       `json:"finished_at,omitzero"`
	ElapsedMS  int64           `json:"elapsed_ms" jsonschema:"how long it has run, without the time that it waited or was paused"`
	WaitingFor *JobWait        `json:"waiting_for,omitzero" jsonschema:"why a queued job does not run"`
}

// JobWait says what a queued job waits for.
type JobWait struct {
	Reason JobWaitReason `json:"reason"`
	Path   Path          `json:"path,omitzero" jsonschema:"the file or folder in question"`
	JobID  ID            `json:"job_id,omitzero" jsonschema:"the job that it waits for"`
}

// A JobWaitReason is the reason why a queued job does not run.
type JobWaitReason string

// The reasons.
const (
	WaitJob  JobWaitReason = "job"  // an earlier or running job uses the same files or location
	WaitDisk JobWaitReason = "disk" // as many jobs as are good for its disk are running there
)

// JobWaitReasons lists the reasons.
var JobWaitReasons = protocol.Enumeration(WaitJob, WaitDisk)

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
	IDs    []ID      `json:"ids,omitzero" jsonschema:"only these, at most 1,000; unknown ones are left out, and limit is by default as many as are named"`
	Page
}

// maxIDs is how many objects a call may name.
const maxIDs = 1000

// Validate checks the status, the ids and the page.
func (in *JobListInput) Validate() error {
	if in.Status != "" && !slices.Contains(JobStatuses, in.Status) {
		return protocol.Invalid("status", "no job status %q", in.Status).
			WithHint("one of queued, running, paused, completed, failed, cancelled")
	}
	if len(in.IDs) > maxIDs {
		return protocol.Invalid("ids", "%d ids are named; at most %d are allowed", len(in.IDs), maxIDs)
	}
	if in.Limit == 0 {
		in.Limit = max(DefaultLimit, len(in.IDs))
	}
	return in.Page.Validate()
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
