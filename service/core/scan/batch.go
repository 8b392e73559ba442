package scan

import (
	"context"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/location"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const (
	// batchRows is how many changes a transaction makes: enough that its own
	// cost does not show (3 % at 4,000 rows), few enough that other writes
	// wait some ten milliseconds.
	batchRows = 4000
	// batchTime is how long finished work waits for its transaction where
	// there is little of it.
	batchTime = 250 * time.Millisecond
)

// A batch gathers changes to the index and writes them together with the
// checkpoint that says they are done. It is used by one goroutine.
type batch struct {
	job      *job.Run
	location *location.Location
	parts    parts
	index    *entries.Index
	at       checkpoint
	saved    checkpoint // the last that was committed
	progress api.Progress

	changes  []change
	forget   int64 // absent entries up to this one have been dealt with
	warnings []api.Warning
	flushed  time.Time
	running  *commit  // that was started
	spare    []change // to be used again
	dirty    bool     // whether the checkpoint changed
}

// A change is one step of a transaction.
type change struct {
	do    action
	entry entries.Entry       // as it is to be
	place entries.Place       // where it is, or is to be added
	to    string              // path of the folder that it is moved to
	as    *entries.Attributes // of what is moved, as they are in the index
	keep  bool                // the content stays known
	quiet bool                // nothing changed on the disk: not counted
	hash  entries.Hash
}

type action uint8

const (
	insert action = iota
	update
	move
	displace // and mark as absent
	markAbsent
	remove
	identify // set the content
)

func newBatch(r *job.Run, l *location.Location, at checkpoint) *batch {
	return &batch{job: r, location: l, index: r.Library().Index, at: at, saved: at, flushed: time.Now()}
}

func (b *batch) add(c change) { b.changes = append(b.changes, c) }

func (b *batch) warn(path string, code protocol.Code, message string) {
	b.warnings = append(b.warnings, api.Warning{Path: api.Path(path), Code: code, Message: message})
	b.dirty = true
}

// due reports whether it is time to flush.
func (b *batch) due() bool {
	return len(b.changes) >= batchRows || (len(b.changes) > 0 || b.dirty) && time.Since(b.flushed) >= batchTime
}

// discard goes back to what was last committed.
func (b *batch) discard() {
	_ = b.wait()
	b.at = b.saved
	b.changes, b.warnings, b.forget, b.dirty = b.changes[:0], nil, 0, false
}

// flush commits what has been gathered, and the checkpoint with it. After an
// error nothing of it is in the database; after entries.ErrStale the caller
// goes on from the last checkpoint, after another the batch is of no more use.
func (b *batch) flush(ctx context.Context) error {
	if err := b.start(ctx); err != nil {
		return err
	}
	return b.wait()
}

// start is flush that does not wait for the commit, but for the one before. Its
// error comes from the next flush or start.
func (b *batch) start(ctx context.Context) error {
	if err := b.wait(); err != nil {
		return err
	}
	b.flushed = time.Now()
	if len(b.changes) == 0 && !b.dirty {
		return nil
	}
	c := &commit{changes: b.changes, forget: b.forget, warnings: b.warnings, before: b.at, progress: b.progress}
	b.changes, b.warnings, b.forget, b.dirty = b.spare[:0], nil, 0, false
	c.writing = b.index.Start(ctx, b.origin(), func(tx *entries.Tx) error {
		c.at = c.before
		tx.Expect(len(c.changes))
		for i := range c.changes {
			if err := b.apply(tx, &c.at.counts, &c.changes[i]); err != nil {
				return err
			}
		}
		if c.forget != 0 {
			if err := tx.ClearAbsent(b.location.Root, c.forget); err != nil {
				return err
			}
		}
		return b.job.Save(tx.Tx, c.at, c.progress, c.warnings)
	})
	b.running = c
	return nil
}

// A commit is what is being written.
type commit struct {
	changes    []change
	forget     int64
	warnings   []api.Warning
	before, at checkpoint
	progress   api.Progress
	writing    *store.Writing
}

// wait waits for the commit that was started.
func (b *batch) wait() error {
	c := b.running
	if c == nil {
		return nil
	}
	b.running = nil
	if err := c.writing.Wait(); err != nil {
		return err
	}
	b.saved, b.at.counts = c.at, c.at.counts
	clear(c.changes)
	b.spare = c.changes
	b.job.Progress(c.progress)
	return nil
}

func (b *batch) origin() entries.Origin {
	return entries.Origin{Job: b.job.ID, TraceID: b.job.TraceID()}
}

// apply makes one change, and counts it.
func (b *batch) apply(tx *entries.Tx, n *counts, c *change) error {
	done, err := true, error(nil)
	count := func(n *int64, by int64) {
		if err == nil && done && !c.quiet {
			*n += by
		}
	}
	switch c.do {
	case insert:
		err = tx.Insert(c.place.Path, &c.entry)
		count(&n.Created, 1)
	case update:
		done, err = tx.Update(c.place, c.entry, c.keep)
		if err == nil && !done {
			err = entries.ErrStale // the name is still to be dealt with
		}
		count(&n.Modified, 1)
	case move:
		done, err = tx.Move(c.place, c.as, c.to, c.entry, c.keep)
		if err == nil && !done {
			err = entries.ErrStale // what comes after builds on it
		}
		count(&n.Moved, 1)
	case displace:
		if done, err = tx.Displace(c.place, c.entry.ID); err == nil && done {
			err = tx.MarkAbsent(b.location.Root, entries.DisplacedFrom(c.place, c.entry.ID), c.entry.ID)
		}
	case markAbsent:
		err = tx.MarkAbsent(b.location.Root, c.place, c.entry.ID)
	case remove:
		var gone entries.Totals
		gone, done, err = tx.Delete(c.place, c.entry.ID)
		files, folders, _ := gone.Count()
		count(&n.Deleted, files+folders)
	case identify:
		done, err = tx.SetContent(c.place, c.entry, c.hash, c.entry.Kind)
		count(&n.Hashed, 1)
	}
	return err
}

// finish ends the job's work and returns its output.
func (b *batch) finish(ctx context.Context) (out api.IndexOutput, err error) {
	if err := b.flush(ctx); err != nil {
		return out, err
	}
	total, err := b.total(ctx)
	if err != nil {
		return out, err
	}
	out.Files, out.Folders, out.Bytes = total.Count()
	out.Kinds = total.ByKind()
	out.Created, out.Modified, out.Moved, out.Deleted = b.at.Created, b.at.Modified, b.at.Moved, b.at.Deleted
	out.Hashed, out.Skipped = b.at.Hashed, b.at.Skipped
	out.ElapsedMS = b.job.Elapsed().Milliseconds()
	return out, nil
}
