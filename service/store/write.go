package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
)

// writeQueue is how many writes wait before the next caller is held up.
const writeQueue = 64

// A Tx is a write transaction. It is valid only within the function that
// Write calls.
type Tx struct {
	Conn *sqlite.Conn

	committed []func()
}

// AfterCommit calls fn after the transaction was committed and before the next one
// begins, so that calls come in the order of the commits. fn runs on the writer's
// goroutine: it must be quick, and must not call Write. It is not called if the
// transaction is rolled back.
func (tx *Tx) AfterCommit(fn func()) { tx.committed = append(tx.committed, fn) }

// A write is a transaction on its way through the writer.
type write struct {
	ctx     context.Context
	fn      func(*Tx) error
	done    chan struct{}
	closing <-chan struct{} // of the database
	taken   atomic.Bool     // by the writer, or by Write, which no longer wants it

	err   error
	panic *Panic
}

// A Panic is the value with which Write panics if its function did.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprint(p.Value) }

func (p *Panic) String() string { return fmt.Sprintf("%v\n%s", p.Value, p.Stack) }

// Write runs fn in a transaction of its own, after the queued ones. The
// transaction is committed if fn returns nil; an error, a panic or the end of
// ctx before fn has returned rolls it back. fn runs on another goroutine while
// Write waits; a panic in it continues in the caller as a *Panic.
//
// If the disk is full, the error has the code OperationFailed and wraps
// syscall.ENOSPC, and the database stays usable.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	return db.Start(ctx, fn).Wait()
}

// Start is Write that does not wait: the caller goes on while fn runs, and
// learns the end of it from Wait, which it must call.
func (db *DB) Start(ctx context.Context, fn func(*Tx) error) *Writing {
	w := &write{ctx: ctx, fn: fn, done: make(chan struct{}), closing: db.closing}
	select {
	case <-db.closing:
		return &Writing{err: errClosed}
	default:
	}
	select {
	case db.writes <- w:
		return &Writing{db: db, write: w}
	case <-ctx.Done():
		return &Writing{err: ctx.Err()}
	case <-db.closing:
		return &Writing{err: errClosed}
	}
}

// A Writing is a transaction that was started.
type Writing struct {
	db    *DB
	write *write
	err   error // where it was not
}

// Wait returns what Write would have.
func (s *Writing) Wait() error {
	w := s.write
	if w == nil {
		return s.err
	}
	select {
	case <-w.done:
	case <-s.db.writerDone:
	case <-w.ctx.Done():
		// While w is queued, the write before it may wait for long.
		if w.taken.CompareAndSwap(false, true) {
			return w.ctx.Err()
		}
		select {
		case <-w.done:
		case <-s.db.writerDone:
		}
	}
	select {
	case <-w.done:
	default: // the writer ended with w still queued
		return errClosed
	}
	if w.panic != nil {
		panic(w.panic)
	}
	return w.err
}

// writer runs the writes, one at a time, and alone uses their connection.
func (db *DB) writer() {
	defer close(db.writerDone)
	for {
		select {
		case <-db.closing:
			return
		default:
		}
		select {
		case w := <-db.writes:
			if !w.taken.CompareAndSwap(false, true) {
				continue
			}
			w.run(db.conn)
			w.err = db.explainIn(w.ctx, w.err)
			close(w.done)
		case <-db.relax:
			_ = exec(db.conn, "PRAGMA shrink_memory")
		case <-db.closing:
			return
		}
	}
}

// begin takes the database's lock. While another program has it, begin waits
// until w.ctx ends, the database is being closed, or busyTimeout is over:
// SQLite's own waiting, which it does everywhere else, looks at no context.
func (w *write) begin(conn *sqlite.Conn) error {
	conn.SetBusyTimeout(0)
	defer conn.SetBusyTimeout(busyTimeout)
	const longest = 100 * time.Millisecond // between two tries, as SQLite's
	until := time.Now().Add(busyTimeout)
	for pause := time.Millisecond; ; pause = min(2*pause, longest) {
		err := exec(conn, "BEGIN IMMEDIATE")
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-w.ctx.Done():
			return context.Cause(w.ctx)
		case <-w.closing:
			return errClosed
		}
	}
}

func (w *write) run(conn *sqlite.Conn) {
	if w.err = w.ctx.Err(); w.err != nil {
		return
	}
	if w.err = w.begin(conn); w.err != nil {
		return
	}
	conn.SetInterrupt(w.ctx.Done())
	tx := &Tx{Conn: conn}
	w.err = w.call(tx)
	// From here on ctx no longer counts: what fn did is committed or not,
	// and the caller knows which.
	conn.SetInterrupt(nil)
	if w.err == nil && w.panic == nil {
		if w.err = exec(conn, "COMMIT"); w.err == nil {
			w.publish(tx)
			return
		}
	}
	// Some errors, a full disk among them, have rolled back already.
	if !conn.AutocommitEnabled() {
		if err := exec(conn, "ROLLBACK"); err != nil && w.err == nil {
			w.err = err
		}
	}
}

func (w *write) call(tx *Tx) (err error) {
	defer w.recover()
	return w.fn(tx)
}

func (w *write) publish(tx *Tx) {
	defer w.recover()
	for _, fn := range tx.committed {
		fn()
	}
}

func (w *write) recover() {
	if v := recover(); v != nil {
		w.panic = &Panic{v, debug.Stack()}
	}
}
