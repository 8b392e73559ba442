package job

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A record is a job as the database has it.
type record struct {
	api.Job
	row     int64
	claims  []Claim
	elapsed time.Duration // up to the last checkpoint
}

const recordColumns = "id, uuid, kind, status, location, trace_id, progress, error, warnings, created_at, started_at, finished_at, elapsed, claims"

func scan(s *sqlite.Stmt) (r record, err error) {
	r = record{
		Job: api.Job{
			ID: store.ID(s, 1), Kind: s.ColumnText(2), Status: api.JobStatus(s.ColumnText(3)), LocationID: store.ID(s, 4),
			TraceID: s.ColumnText(5), Warnings: s.ColumnInt64(8),
			CreatedAt: store.Time(s, 9), StartedAt: store.Time(s, 10), FinishedAt: store.Time(s, 11),
		},
		row:     s.ColumnInt64(0),
		elapsed: time.Duration(s.ColumnInt64(12)),
	}
	for column, dst := range map[int]any{6: &r.Progress, 7: &r.Error, 13: &r.claims} {
		if text := s.ColumnText(column); text != "" {
			if err := json.Unmarshal([]byte(text), dst); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// insert adds a job to the table.
func (r *record) insert(tx *store.Tx, in any) error {
	input, err := protocol.JSON.Marshal(in)
	if err != nil {
		return err
	}
	claims, err := protocol.JSON.Marshal(r.claims)
	if err != nil {
		return err
	}
	err = tx.Exec("INSERT INTO job (uuid, kind, status, location, trace_id, input, claims, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.Kind, string(r.Status), r.LocationID, r.TraceID, string(input), string(claims), r.CreatedAt)
	r.row = tx.Conn.LastInsertRowID()
	return err
}

// byID returns the job with the given id, and reports whether there is one.
func byID(ctx context.Context, db *store.DB, id protocol.ID) (r record, found bool, err error) {
	err = db.Read(ctx, func(conn *sqlite.Conn) error {
		return store.Each(conn, "SELECT "+recordColumns+" FROM job WHERE uuid = ?", func(s *sqlite.Stmt) (err error) {
			found = true
			r, err = scan(s)
			return err
		}, id)
	})
	return r, found, err
}

// unfinishedJobs is the condition that a job has not finished.
const unfinishedJobs = "status IN ('queued', 'running', 'paused')"

// unfinished returns the unfinished jobs, in the order of their submission.
func unfinished(ctx context.Context, db *store.DB) (all []record, err error) {
	err = db.Read(ctx, func(conn *sqlite.Conn) error {
		return store.Each(conn, "SELECT "+recordColumns+" FROM job WHERE "+unfinishedJobs+" ORDER BY id", func(s *sqlite.Stmt) error {
			r, err := scan(s)
			all = append(all, r)
			return err
		})
	})
	return all, err
}

// An Unfinished job is a job on a location that has not finished.
type Unfinished struct {
	ID     protocol.ID
	Status api.JobStatus
	// Fresh is set for a job that waits for its first run, which will see all
	// that is there now.
	Fresh bool
	row   int64
	input string
}

// InputOf returns the input of a job.
func InputOf[In, Out any](u Unfinished, _ protocol.JobKind[In, Out]) (in In, err error) {
	err = protocol.JSON.Unmarshal([]byte(u.input), &in)
	return in, err
}

// OnLocation returns the unfinished jobs of a kind on a location, the oldest
// first.
func (q *Queue) OnLocation(tx *store.Tx, kind protocol.JobSpec, location protocol.ID) (all []Unfinished, err error) {
	err = tx.Each("SELECT uuid, status, status = 'queued' AND started_at IS NULL, id, input FROM job WHERE location = ? AND kind = ? AND "+unfinishedJobs+" ORDER BY id",
		func(s *sqlite.Stmt) error {
			all = append(all, Unfinished{ID: store.ID(s, 0), Status: api.JobStatus(s.ColumnText(1)), Fresh: s.ColumnBool(2), row: s.ColumnInt64(3), input: s.ColumnText(4)})
			return nil
		}, location, kind.Kind)
	q.service.mu.Lock()
	defer q.service.mu.Unlock()
	for i := range all {
		if j := q.jobs[all[i].ID]; j != nil && j.unsaved {
			all[i].Status, all[i].Fresh = j.status, false
		}
	}
	return all, err
}

// SetInput gives a job that has never run another input.
func SetInput[In, Out any](tx *store.Tx, u Unfinished, _ protocol.JobKind[In, Out], in In) error {
	text, err := protocol.JSON.Marshal(in)
	if err != nil {
		return err
	}
	return tx.Exec("UPDATE job SET input = ? WHERE id = ? AND started_at IS NULL", string(text), u.row)
}
