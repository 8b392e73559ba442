package job

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/cursor"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// Register binds the operations on jobs.
func (s *Service) Register(r *registry.Registry, m *library.Manager) {
	library.Bind(r, m, api.JobsList, s.list)
	library.Bind(r, m, api.JobsInfo, s.info)
	library.Bind(r, m, api.JobsPause, s.control((*Engine).Pause))
	library.Bind(r, m, api.JobsResume, s.control((*Engine).Resume))
	library.Bind(r, m, api.JobsCancel, s.control((*Engine).Cancel))
}

func (s *Service) control(do func(*Engine, context.Context, protocol.ID) error) func(context.Context, *library.Library, api.JobInput) (api.Job, error) {
	return func(ctx context.Context, lib *library.Library, in api.JobInput) (api.Job, error) {
		e, err := s.In(lib)
		if err != nil {
			return api.Job{}, err
		}
		if err := do(e, ctx, in.JobID); err != nil {
			return api.Job{}, err
		}
		r, err := load(ctx, lib.DB, in.JobID)
		return e.wire(r), err
	}
}

// wire returns a job as operations show it: what the database has, and for
// one that runs what its events have told of, so that no client sees a job
// finished before its last event, or the counts of core.status, say so.
func (e *Engine) wire(r record) api.Job {
	r.LibraryID = e.lib.ID
	e.mu.Lock()
	defer e.mu.Unlock()
	if j := e.jobs[r.ID]; j != nil {
		r.Progress = j.progress
		if j.unsaved || j.status == api.JobRunning {
			r.Status, r.Error, r.FinishedAt = j.status, j.err, time.Time{}
		}
	}
	return r.Job
}

// list goes through the table from the newest job. It holds some thousand at
// most, and the status of one that runs may be newer than the table's, so the
// status is compared here and not in SQL.
func (s *Service) list(ctx context.Context, lib *library.Library, in api.JobListInput) (out api.Jobs, err error) {
	e, err := s.In(lib)
	if err != nil {
		return out, err
	}
	name := "jobs " + string(in.Status) + " " + in.Kind
	before, paged, err := cursor.Decode[int64](name, in.Cursor)
	if err != nil {
		return out, err
	}
	out.Jobs = []api.Job{}
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		stmt, err := conn.Prepare("SELECT " + recordColumns + " FROM job WHERE (?1 = 0 OR id < ?2) ORDER BY id DESC")
		if err != nil {
			return err
		}
		defer stmt.Reset()
		stmt.BindBool(1, paged)
		stmt.BindInt64(2, before)
		var last int64
		for {
			more, err := stmt.Step()
			if err != nil || !more {
				return err
			}
			r, err := scan(stmt, lib.ID)
			if err != nil {
				return err
			}
			j := e.wire(r)
			if in.Status != "" && j.Status != in.Status || in.Kind != "" && j.Kind != in.Kind {
				continue
			}
			if len(out.Jobs) == in.Limit {
				out.NextCursor = cursor.Encode(name, last)
				return nil
			}
			out.Jobs = append(out.Jobs, j)
			last = r.row
		}
	})
	return out, err
}

func (s *Service) info(ctx context.Context, lib *library.Library, in api.JobInfoInput) (out api.JobInfo, err error) {
	e, err := s.In(lib)
	if err != nil {
		return out, err
	}
	name := "warnings " + in.JobID.String()
	after, _, err := cursor.Decode[int64](name, in.Cursor)
	if err != nil {
		return out, err
	}
	r, err := load(ctx, lib.DB, in.JobID)
	if err != nil {
		return out, err
	}
	out.Job = e.wire(r)
	if out.Status == api.JobCompleted && len(r.output) > 0 {
		if out.Output, err = s.output(r); err != nil {
			return out, err
		}
	}
	out.WarningList = []api.Warning{}
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		return store.Each(conn, "SELECT number, path, code, message FROM job_warning WHERE job = ? AND number > ? ORDER BY number LIMIT ?",
			func(s *sqlite.Stmt) error {
				if len(out.WarningList) == in.Limit {
					out.NextCursor = cursor.Encode(name, after)
					return nil
				}
				after = s.ColumnInt64(0)
				out.WarningList = append(out.WarningList, api.Warning{
					Path: api.Path(store.Bytes(s, 1)), Code: protocol.Code(s.ColumnText(2)), Message: s.ColumnText(3),
				})
				return nil
			}, r.row, after, in.Limit+1)
	})
	return out, err
}

// output decodes a job's output into its kind's type, so that it encodes in
// either encoding. Of a kind that is no longer known it stays as it is.
func (s *Service) output(r record) (protocol.Value, error) {
	kind, ok := s.kinds[r.Kind]
	if !ok {
		return protocol.RawValue(protocol.JSON, r.output), nil
	}
	v, err := kind.output(r.output)
	return protocol.ValueOf(v), err
}
