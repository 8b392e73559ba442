package job

import (
	"cmp"
	"context"
	"errors"
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
	library.BindOptional(r, m, api.JobsPause, s.control(api.JobPaused))
	library.BindOptional(r, m, api.JobsResume, s.control(api.JobQueued))
	library.BindOptional(r, m, api.JobsCancel, s.control(api.JobCancelled))
}

// queuesOf returns the queues that a call is about: a library's, or all.
func (s *Service) queuesOf(lib *library.Library) ([]*Queue, error) {
	if lib == nil {
		return s.all(), nil
	}
	q, err := s.In(lib)
	return []*Queue{q}, err
}

// find returns the job that a call names, and its queue. An unfinished job is
// found without waiting for the databases of others.
func (s *Service) find(ctx context.Context, lib *library.Library, id protocol.ID) (*Queue, record, error) {
	queues, err := s.queuesOf(lib)
	if err != nil {
		return nil, record{}, err
	}
	s.mu.Lock()
	for _, q := range queues {
		if q.jobs[id] != nil {
			queues = []*Queue{q}
			break
		}
	}
	s.mu.Unlock()
	return s.findIn(ctx, lib, queues, id)
}

// findIn looks for a job in the databases of queues. If one of them cannot be
// read, the job may be in it: the error is then not NotFound.
func (s *Service) findIn(ctx context.Context, lib *library.Library, queues []*Queue, id protocol.ID) (*Queue, record, error) {
	var failed error
	for _, q := range queues {
		r, found, err := byID(ctx, q.db, id)
		switch {
		case err == nil && found:
			return q, r, nil
		case err == nil:
		case !s.isClosed(q) || len(queues) == 1:
			failed = err
		}
	}
	if failed == nil {
		failed = noJob(id, lib)
	}
	return nil, record{}, failed
}

// isClosed reports whether a queue has been closed since a call began to read it.
func (s *Service) isClosed(q *Queue) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return q.closed
}

func noJob(id protocol.ID, lib *library.Library) error {
	where := ""
	if lib != nil {
		where = " in this library"
	}
	return protocol.Errorf(protocol.NotFound, "no job with id %s%s", id, where).With("job_id", id).
		WithHint("jobs.list, or spacedrive job list, shows the jobs")
}

// wire returns a job as operations show it. An unfinished job has the status of
// its events, so that no client sees it finished before its last event, or the
// counts of core.status, say so.
func (q *Queue) wire(r record) api.Job {
	r.LibraryID, r.ElapsedMS = q.libraryID(), r.elapsed.Milliseconds()
	q.service.mu.Lock()
	defer q.service.mu.Unlock()
	j := q.jobs[r.ID]
	if j == nil {
		return r.Job
	}
	r.Status, r.Progress, r.Error, r.FinishedAt = j.status, j.progress, j.err, time.Time{}
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

// list reads each database from its newest job on. A database has some thousand
// jobs at most, and the status of an unfinished job may be newer than the
// table's, so list compares it here and not in SQL.
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
	bytes := registry.PageBytes(ctx)
	for _, q := range queues {
		err := q.list(ctx, in, after, paged, bytes, &out.Jobs)
		switch {
		case err == nil:
		case lib != nil || ctx.Err() != nil:
			return out, err
		case !s.isClosed(q): // one database that cannot be read does not hide the others' jobs
			s.log.Error().Err(err).Stringer("library_id", q.libraryID()).Msg("cannot list the jobs of a database")
		}
	}
	slices.SortFunc(out.Jobs, func(a, b api.Job) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), slices.Compare(b.ID[:], a.ID[:]))
	})
	for n := range out.Jobs {
		if bytes -= size(&out.Jobs[n]); n > 0 && (n == in.Limit || bytes < 0) {
			last := out.Jobs[n-1]
			out.NextCursor = cursor.Encode(name, position{store.Nanoseconds(last.CreatedAt), last.ID})
			out.Jobs = out.Jobs[:n]
			break
		}
	}
	return out, nil
}

// size estimates how long a job is when it is encoded.
func size(j *api.Job) int {
	const least = 1 << 10 // names, ids and numbers
	n := least + 2*len(j.Progress.Current)
	if j.WaitingFor != nil {
		n += 2 * len(j.WaitingFor.Path)
	}
	if j.Error != nil {
		text, _ := protocol.JSON.Marshal(j.Error) // which the database has in that form
		n += len(text)
	}
	return n
}

// list appends the queue's jobs that come after a place, one more than fit on
// the page.
func (q *Queue) list(ctx context.Context, in api.JobListInput, after position, paged bool, bytes int, all *[]api.Job) error {
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
		for n := 0; n <= in.Limit && bytes >= 0; {
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
			bytes -= size(&j)
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
	bytes := registry.PageBytes(ctx)
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
				bytes -= 256 + 2*(s.ColumnLen(1)+s.ColumnLen(3))
				if n := len(out.WarningList); n == in.Limit || n > 0 && bytes < 0 {
					out.NextCursor = cursor.Encode(name, after)
					return errPageFull
				}
				after = s.ColumnInt64(0)
				out.WarningList = append(out.WarningList, api.Warning{
					Path: api.Path(store.Bytes(s, 1)), Code: protocol.Code(s.ColumnText(2)), Message: s.ColumnText(3),
				})
				return nil
			}, r.row, after, in.Limit+1)
	})
	if errors.Is(err, errPageFull) {
		err = nil
	}
	return out, err
}

var errPageFull = errors.New("the page is full")

// output decodes a job's output into the type of its kind, so that it can be sent
// in either encoding. The output of an unknown kind stays as it is.
func (s *Service) output(kind string, text []byte) (protocol.Value, error) {
	if len(text) == 0 {
		return protocol.Value{}, nil
	}
	if w, ok := s.workers[kind]; ok {
		return w.spec.ReadOutput(text)
	}
	return protocol.RawValue(protocol.JSON, text), nil
}
