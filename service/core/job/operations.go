package job

import (
	"bytes"
	"context"
	"slices"
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
	library.BindOptional(r, m, api.JobsList, s.list)
	library.BindOptional(r, m, api.JobsInfo, s.info)
	library.BindOptional(r, m, api.JobsPause, s.control((*Queue).Pause))
	library.BindOptional(r, m, api.JobsResume, s.control((*Queue).Resume))
	library.BindOptional(r, m, api.JobsCancel, s.control((*Queue).Cancel))
}

// queues returns the queues that a call is about: a library's, or all.
func (s *Service) queuesOf(lib *library.Library) ([]*Queue, error) {
	if lib == nil {
		return s.all(), nil
	}
	q, err := s.In(lib)
	return []*Queue{q}, err
}

// find returns the job that a call names, and its queue.
func (s *Service) find(ctx context.Context, lib *library.Library, id protocol.ID) (*Queue, record, error) {
	queues, err := s.queuesOf(lib)
	if err != nil {
		return nil, record{}, err
	}
	for _, q := range queues {
		r, found, err := find(ctx, q.db, id)
		if found || err != nil && lib != nil {
			return q, r, err
		}
		if err != nil {
			// The job may be in another database: one that cannot be
			// read does not hide it.
			s.log.Error().Err(err).Stringer("library_id", q.libraryID()).Msg("cannot look for a job in a database")
		}
	}
	return nil, record{}, noJob(id, lib)
}

func noJob(id protocol.ID, lib *library.Library) error {
	where := ""
	if lib != nil {
		where = " in this library"
	}
	return protocol.Errorf(protocol.NotFound, "no job with id %s%s", id, where).With("job_id", id).
		WithHint("jobs.list, or spacedrive job list, shows the jobs")
}

func (s *Service) control(do func(*Queue, context.Context, protocol.ID) error) func(context.Context, *library.Library, api.JobInput) (api.Job, error) {
	return func(ctx context.Context, lib *library.Library, in api.JobInput) (api.Job, error) {
		q, _, err := s.find(ctx, lib, in.JobID)
		if err != nil {
			return api.Job{}, err
		}
		if err := do(q, ctx, in.JobID); err != nil {
			return api.Job{}, err
		}
		r, _, err := find(ctx, q.db, in.JobID)
		return q.wire(r), err
	}
}

// wire returns a job as operations show it: what the database has, and for
// one that runs what its events have said, so that no client sees a job
// finished before its last event, or the counts of core.status, say so.
func (q *Queue) wire(r record) api.Job {
	r.LibraryID, r.ElapsedMS = q.libraryID(), r.elapsed.Milliseconds()
	q.service.mu.Lock()
	defer q.service.mu.Unlock()
	j := q.jobs[r.ID]
	if j == nil {
		return r.Job
	}
	r.Progress = j.progress
	if j.unsaved || j.status == api.JobRunning {
		r.Status, r.Error, r.FinishedAt = j.status, j.err, time.Time{}
	}
	if r.Status == api.JobQueued && j.waiting != nil {
		waiting := *j.waiting
		r.WaitingFor = &waiting
	}
	if j.run != nil {
		r.ElapsedMS = j.run.Elapsed().Milliseconds()
	}
	return r.Job
}

// A position is a job's place in a list.
type position struct {
	CreatedAt int64       `json:"t"`
	ID        protocol.ID `json:"i"`
}

// list reads each database from its newest job on. They hold some thousand at
// most, and the status of one that runs may be newer than the table's, so the
// status is compared here and not in SQL.
func (s *Service) list(ctx context.Context, lib *library.Library, in api.JobListInput) (out api.Jobs, err error) {
	queues, err := s.queuesOf(lib)
	if err != nil {
		return out, err
	}
	name := "jobs " + string(in.Status) + " " + in.Kind
	if lib != nil {
		name += " " + lib.ID.String()
	}
	after, paged, err := cursor.Decode[position](name, in.Cursor)
	if err != nil {
		return out, err
	}
	out.Jobs = []api.Job{}
	for _, q := range queues {
		if err := q.list(ctx, in, after, paged, &out.Jobs); err != nil {
			return out, err
		}
	}
	slices.SortFunc(out.Jobs, func(a, b api.Job) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return bytes.Compare(b.ID[:], a.ID[:])
	})
	if len(out.Jobs) > in.Limit {
		out.Jobs = out.Jobs[:in.Limit]
		last := out.Jobs[in.Limit-1]
		out.NextCursor = cursor.Encode(name, position{store.Nanoseconds(last.CreatedAt), last.ID})
	}
	return out, nil
}

// list appends the queue's jobs that come after a place, one more than fit on
// the page.
func (q *Queue) list(ctx context.Context, in api.JobListInput, after position, paged bool, all *[]api.Job) error {
	return q.db.Read(ctx, func(conn *sqlite.Conn) error {
		stmt, err := conn.Prepare("SELECT " + recordColumns + ` FROM job
			WHERE (?1 = 0 OR created_at < ?2 OR created_at = ?2 AND uuid < ?3) ORDER BY created_at DESC, uuid DESC`)
		if err != nil {
			return err
		}
		defer stmt.Reset()
		stmt.BindBool(1, paged)
		stmt.BindInt64(2, after.CreatedAt)
		stmt.BindBytes(3, after.ID[:])
		for n := 0; n <= in.Limit; {
			more, err := stmt.Step()
			if err != nil || !more {
				return err
			}
			if len(in.IDs) > 0 && !slices.Contains(in.IDs, store.ID(stmt, 1)) {
				continue
			}
			r, err := scan(stmt)
			if err != nil {
				return err
			}
			j := q.wire(r)
			if in.Status != "" && j.Status != in.Status || in.Kind != "" && j.Kind != in.Kind {
				continue
			}
			*all = append(*all, j)
			n++
		}
		return nil
	})
}

func (s *Service) info(ctx context.Context, lib *library.Library, in api.JobInfoInput) (out api.JobInfo, err error) {
	name := "warnings " + in.JobID.String()
	after, _, err := cursor.Decode[int64](name, in.Cursor)
	if err != nil {
		return out, err
	}
	q, r, err := s.find(ctx, lib, in.JobID)
	if err != nil {
		return out, err
	}
	out.Job = q.wire(r)
	out.WarningList = []api.Warning{}
	err = q.db.Read(ctx, func(conn *sqlite.Conn) error {
		if out.Status == api.JobCompleted {
			err := store.Each(conn, "SELECT output FROM job WHERE id = ?", func(stmt *sqlite.Stmt) (err error) {
				out.Output, err = s.output(r.Kind, []byte(stmt.ColumnText(0)))
				return err
			}, r.row)
			if err != nil {
				return err
			}
		}
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
func (s *Service) output(kind string, text []byte) (protocol.Value, error) {
	if len(text) == 0 {
		return protocol.Value{}, nil
	}
	if w, ok := s.workers[kind]; ok {
		return w.spec.ReadOutput(text)
	}
	return protocol.RawValue(protocol.JSON, text), nil
}
