package index

import (
	"context"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entry"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/location"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const (
	// batchRows is how many rows a transaction changes: enough that its own
	// cost does not show (3 % at 4,000 rows), few enough that other writes
	// wait some ten milliseconds.
	batchRows = 4000
	// batchTime is how long finished work waits for its transaction where
	// there is little of it.
	batchTime = 250 * time.Millisecond
	// eventPaths is how many paths an EntriesChanged event names.
	eventPaths = 100
)

// A row is an entry as the database has it.
type row struct {
	id      int64
	content bool // whether it was hashed
	child
}

// A child is an entry as a scan finds it.
type child struct {
	name  string
	kind  entry.Kind
	flags uint8
	size  int64
	mtime int64
	btime int64
}

// A batch gathers changes to the index and writes them together with the
// checkpoint that says they are done. It is used by one goroutine.
type batch struct {
	run      *job.Run
	location *location.Location
	at       checkpoint
	progress api.Progress

	inserts  []insert
	updates  []row
	deletes  []int64
	contents []hashed
	counts   location.Count
	warnings []api.Warning
	changed  api.EntriesChangedEvent
	flushed  time.Time
	dirty    bool // whether the checkpoint changed
}

type insert struct {
	parent int64
	child
}

func newBatch(r *job.Run, l *location.Location, at checkpoint) *batch {
	return &batch{run: r, location: l, at: at, counts: make(location.Count), flushed: time.Now()}
}

func (b *batch) insert(folder int64, path string, c child) {
	b.inserts = append(b.inserts, insert{folder, c})
	b.counts.Add(c.kind, 1, c.size)
	b.at.Created++
	b.changed.Created++
	b.note(path, c.name)
}

func (b *batch) update(path string, was, now row) {
	b.updates = append(b.updates, now)
	b.counts.Add(was.kind, -1, -was.size)
	b.counts.Add(now.kind, 1, now.size)
	b.at.Modified++
	b.changed.Modified++
	b.note(path, now.name)
}

// delete deletes one row; what is in a folder must be gone already.
func (b *batch) delete(path string, was row) {
	b.deleteUnnamed(was)
	b.note(path, was.name)
}

// deleteUnnamed is delete for what went with a folder: the event names the
// folder alone.
func (b *batch) deleteUnnamed(was row) {
	b.deletes = append(b.deletes, was.id)
	b.counts.Add(was.kind, -1, -was.size)
	b.at.Deleted++
	b.changed.Deleted++
}

// note keeps the first paths for the event.
func (b *batch) note(folder, name string) {
	if len(b.changed.Paths) < eventPaths {
		b.changed.Paths = append(b.changed.Paths, api.Path(entry.Join(folder, name)))
	}
}

func (b *batch) warn(path string, code protocol.Code, message string) {
	b.warnings = append(b.warnings, api.Warning{Path: api.Path(path), Code: code, Message: message})
	b.dirty = true
}

func (b *batch) rows() int {
	return len(b.inserts) + len(b.updates) + len(b.deletes) + len(b.contents)
}

// due reports whether it is time to flush.
func (b *batch) due() bool {
	return b.rows() >= batchRows || (b.rows() > 0 || b.dirty) && time.Since(b.flushed) >= batchTime
}

// flush commits what has been gathered, and the checkpoint with it. After an
// error nothing of it is in the database, and the batch is of no more use.
func (b *batch) flush(ctx context.Context) error {
	b.flushed = time.Now()
	if b.rows() == 0 && !b.dirty && len(b.counts) == 0 {
		return nil
	}
	err := b.run.Library().DB.Write(ctx, func(tx *store.Tx) error {
		for _, write := range []func(*store.Tx) error{b.writeDeletes, b.writeUpdates, b.writeInserts, b.writeContents} {
			if err := write(tx); err != nil {
				return err
			}
		}
		if err := b.counts.Save(tx, b.location.Row); err != nil {
			return err
		}
		return b.run.Save(tx, b.at, b.progress, b.warnings)
	})
	if err != nil {
		return err
	}
	b.run.Progress(b.progress)
	b.publish(ctx)
	b.inserts, b.updates, b.deletes, b.contents, b.warnings = b.inserts[:0], b.updates[:0], b.deletes[:0], b.contents[:0], nil
	clear(b.counts)
	b.dirty = false
	return nil
}

// publish tells what the commit changed.
func (b *batch) publish(ctx context.Context) {
	data := b.changed
	b.changed = api.EntriesChangedEvent{}
	total := data.Created + data.Modified + data.Deleted
	if total == 0 {
		return
	}
	data.Location = api.Path(b.location.Path)
	data.Truncated = total > int64(len(data.Paths))
	ev := api.EntriesChanged.New(data)
	ev.LocationID, ev.JobID, ev.TraceID = b.location.ID, b.run.ID, b.run.TraceID()
	b.run.Library().Publish(ctx, ev)
}

func (b *batch) writeDeletes(tx *store.Tx) error {
	for _, id := range b.deletes {
		if err := tx.Exec("DELETE FROM entry WHERE id = ?", id); err != nil {
			return err
		}
	}
	return nil
}

// writeUpdates writes entries that changed. Their content is then unknown.
func (b *batch) writeUpdates(tx *store.Tx) error {
	for _, r := range b.updates {
		err := tx.Exec("UPDATE entry SET kind = ?, flags = ?, size = ?, mtime = ?, btime = ?, content = NULL WHERE id = ?",
			int64(r.kind), int64(r.flags), r.size, r.mtime, r.btime, r.id)
		if err != nil {
			return err
		}
	}
	return nil
}

// insertRows is how many rows one statement inserts: 200,000 rows one at a
// time took 630 ms, 64 at a time 420 ms. Should one of them fail, the whole
// transaction is rolled back: to undo the statement alone, SQLite would copy
// every page before it changes it.
const (
	insertRows    = 64
	insertColumns = 8
)

var (
	insertOne  = "INSERT OR ROLLBACK INTO entry (parent, location, name, kind, flags, size, mtime, btime) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
	insertMany = insertOne + strings.Repeat(", (?, ?, ?, ?, ?, ?, ?, ?)", insertRows-1)
)

func (b *batch) writeInserts(tx *store.Tx) error {
	rest := b.inserts
	for len(rest) > 0 {
		n, query := insertRows, insertMany
		if len(rest) < n {
			n, query = 1, insertOne
		}
		stmt, err := tx.Conn.Prepare(query)
		if err != nil {
			return err
		}
		for i := range n {
			bindInsert(stmt, i*insertColumns, b.location.Row, &rest[i])
		}
		if _, err := stmt.Step(); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

func bindInsert(s *sqlite.Stmt, at int, location int64, in *insert) {
	s.BindInt64(at+1, in.parent)
	s.BindInt64(at+2, location)
	s.BindBytes(at+3, []byte(in.name))
	s.BindInt64(at+4, int64(in.kind))
	s.BindInt64(at+5, int64(in.flags))
	s.BindInt64(at+6, in.size)
	s.BindInt64(at+7, in.mtime)
	s.BindInt64(at+8, in.btime)
}

// finish ends the job's work and returns its output.
func (b *batch) finish(ctx context.Context) (out api.IndexOutput, err error) {
	if err := b.flush(ctx); err != nil {
		return out, err
	}
	if b.at.Modified+b.at.Deleted+b.at.Hashed > 0 {
		if err := b.dropContent(ctx); err != nil {
			return out, err
		}
	}
	b.location.LastScan = time.Now()
	err = b.run.Library().DB.Write(ctx, func(tx *store.Tx) error {
		all, err := location.Counts(tx.Conn)
		if err != nil {
			return err
		}
		out.Files, out.Folders, out.Bytes = all[b.location.Row].Totals()
		out.Kinds = all[b.location.Row].Kinds()
		return tx.Exec("UPDATE location SET last_scan = ? WHERE id = ?", b.location.LastScan, b.location.Row)
	})
	out.Created, out.Modified, out.Deleted = b.at.Created, b.at.Modified, b.at.Deleted
	out.Hashed, out.Skipped = b.at.Hashed, b.at.Skipped
	out.ElapsedMS = b.run.Elapsed().Milliseconds()
	return out, err
}
