package job

import (
	"context"

	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A record is a job as the database has it.
type record struct {
	api.Job
	row    int64
	output []byte // JSON
}

const recordColumns = "id, uuid, kind, status, location, trace_id, progress, output, error, warnings, created_at, started_at, finished_at"

func scan(s *sqlite.Stmt, library protocol.ID) (r record, err error) {
	r = record{
		Job: api.Job{
			ID: store.ID(s, 1), Kind: s.ColumnText(2), Status: api.JobStatus(s.ColumnText(3)), LibraryID: library, LocationID: store.ID(s, 4),
			TraceID: s.ColumnText(5), Warnings: s.ColumnInt64(9),
			CreatedAt: store.Time(s, 10), StartedAt: store.Time(s, 11), FinishedAt: store.Time(s, 12),
		},
		row:    s.ColumnInt64(0),
		output: []byte(s.ColumnText(7)),
	}
	if text := s.ColumnText(6); text != "" {
		if err := json.Unmarshal([]byte(text), &r.Progress); err != nil {
			return r, err
		}
	}
	if text := s.ColumnText(8); text != "" {
		r.Error = new(protocol.Error)
		if err := json.Unmarshal([]byte(text), r.Error); err != nil {
			return r, err
		}
	}
	return r, nil
}

// load returns the job with the given id.
func load(ctx context.Context, db *store.DB, id protocol.ID) (r record, err error) {
	found := false
	err = db.Read(ctx, func(conn *sqlite.Conn) error {
		return store.Each(conn, "SELECT "+recordColumns+" FROM job WHERE uuid = ?", func(s *sqlite.Stmt) (err error) {
			found = true
			r, err = scan(s, protocol.ID{})
			return err
		}, id)
	})
	if err == nil && !found {
		err = protocol.Errorf(protocol.NotFound, "no job with id %s in this library", id).With("job_id", id).
			WithHint("jobs.list, or spacedrive job list, shows the jobs")
	}
	return r, err
}

// unfinished returns the jobs that have not finished.
func unfinished(ctx context.Context, db *store.DB) (all []record, err error) {
	err = db.Read(ctx, func(conn *sqlite.Conn) error {
		return store.Each(conn, "SELECT "+recordColumns+" FROM job WHERE status IN ('queued', 'running', 'paused')", func(s *sqlite.Stmt) error {
			r, err := scan(s, protocol.ID{})
			all = append(all, r)
			return err
		})
	})
	return all, err
}

// Unfinished is a job on a location that has not finished.
type Unfinished struct {
	ID     protocol.ID
	Status api.JobStatus
	row    int64
}

// OnLocation returns the job on a location that has not finished, or nil.
func (e *Engine) OnLocation(tx *store.Tx, location protocol.ID) (u *Unfinished, err error) {
	err = tx.Each("SELECT uuid, status, id FROM job WHERE location = ? AND status IN ('queued', 'running', 'paused')", func(s *sqlite.Stmt) error {
		u = &Unfinished{store.ID(s, 0), api.JobStatus(s.ColumnText(1)), s.ColumnInt64(2)}
		return nil
	}, location)
	if err != nil || u == nil {
		return u, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if j := e.jobs[u.ID]; j != nil && j.unsaved {
		u.Status = j.status
	}
	return u, nil
}

// SetInput gives a queued job another input.
func (u *Unfinished) SetInput(tx *store.Tx, input any) error {
	text, err := protocol.JSON.Marshal(input)
	if err != nil {
		return err
	}
	return tx.Exec("UPDATE job SET input = ? WHERE id = ? AND status = 'queued'", string(text), u.row)
}
