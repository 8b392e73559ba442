package server

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// Sizes in bytes.
const (
	gatherChunk = 64 << 10  // events written in one batch
	writeChunk  = 1 << 20   // one write, for which a peer has the unread timeout
	keepBuffer  = 256 << 10 // largest buffer that a connection keeps
	plainAnswer = 1 << 20   // queued answers beyond which no more are encoded
)

// encodings bounds how many answers of a connection are encoded at a time. With
// plainAnswer it bounds the memory of the answers that a peer does not read.
const encodings = 4

// An out sends a connection's messages. Answers are queued and written in
// batches, without blocking, by the goroutine that has nothing else to do. A
// drain goroutine writes what the kernel does not take at once; it also writes
// events, when no answer is queued.
type out struct {
	c   *conn
	raw syscall.RawConn // nil if the connection has no non-blocking writes

	pages *semaphore.Weighted // bytes of lists in running calls: connPageBytes

	mu      sync.Mutex // locked after event.Bus's; never held while blocking
	changed sync.Cond

	queued   batch
	taken    int    // bytes in the batch being written
	plains   int    // bytes in queued that answer no call
	spare    []byte // a buffer for the next batch
	inFlight int    // calls whose answers are not written yet
	encoding int    // answers being encoded
	subs     []*subscription
	turn     int // index in subs of the next to send

	begun  uint64 // calls in total
	sent   uint64 // bytes written in total
	unsent int    // bytes left of the current write

	writing bool      // a goroutine writes, and will check for more
	idle    bool      // only events wait for the peer
	failed  bool      // the connection is broken
	unread  bool      // failed because the peer did not read its answers
	until   time.Time // if set, no write may take longer
}

// A batch is a sequence of messages written together.
type batch struct {
	buf      []byte
	calls    int // answered in it
	reserved int // bytes of Server.pages held for them
}

func (o *out) init(c *conn) {
	o.c = c
	o.pages = semaphore.NewWeighted(connPageBytes)
	o.raw = rawConn(c.nc)
	o.changed.L = &o.mu
}

// begin counts one more call in flight. It blocks while the limit is reached.
func (o *out) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wait(api.HeldByCalls, func() bool { return o.inFlight < o.c.srv.Limits().Calls })
	o.inFlight++
	o.begun++
}

// room blocks while too many messages that answer no call are queued. Answers
// to calls have their own bound, so that a client that does not read them can
// still cancel.
func (o *out) room() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wait(api.HeldByAnswers, func() bool { return o.plains < plainAnswer })
}

// wait blocks until cond holds or the connection has failed. why is shown
// meanwhile as what blocks reading. o.mu is held.
func (o *out) wait(why string, cond func() bool) {
	watched := false
	for !cond() && !o.failed {
		if o.flushed() {
			continue
		}
		if !watched {
			watched = true
			defer o.c.watch()()
			defer o.c.hold(why)()
		}
		o.changed.Wait()
	}
}

// flushed writes the queue unless it is empty or being written, and reports
// whether it did. o.mu is held, and released meanwhile.
func (o *out) flushed() bool {
	if o.writing || len(o.queued.buf) == 0 {
		return false
	}
	o.mu.Unlock()
	o.flush()
	o.mu.Lock()
	return true
}

// buffers are for encoding messages, longBuffers for those of more than
// keepBuffer bytes. Server.longMessage returns their memory to the system.
var buffers, longBuffers = sync.Pool{New: newBuffer}, sync.Pool{New: newBuffer}

func newBuffer() any { return new([]byte) }

func putBuffer(b *[]byte) {
	if cap(*b) > keepBuffer {
		longBuffers.Put(b)
	} else {
		buffers.Put(b)
	}
}

// plain queues a message that answers no call. If encode fails, an error message
// is queued instead.
func (o *out) plain(id uint64, encode func([]byte) ([]byte, error)) {
	o.push(id, 0, 0, buffers.Get().(*[]byte), encode)
}

// answer queues the answer to a call that begin has counted, and returns its
// size. It blocks while too much is queued. long is a guess at the size;
// reserved is the argument of the call's reserve, or 0.
func (o *out) answer(id uint64, long bool, reserved int, encode func([]byte) ([]byte, error)) (size int) {
	o.mu.Lock()
	for !o.failed && (len(o.queued.buf) >= plainAnswer || o.encoding >= encodings) {
		if !o.flushed() {
			o.changed.Wait()
		}
	}
	o.encoding++
	o.mu.Unlock()
	pool := &buffers
	if long {
		pool = &longBuffers
	}
	return o.push(id, 1, reserved, pool.Get().(*[]byte), encode)
}

func (o *out) push(id uint64, calls, reserved int, scratch *[]byte, encode func([]byte) ([]byte, error)) (size int) {
	msg, err := encode((*scratch)[:0])
	if err != nil {
		msg = protocol.AppendError(msg[:0], o.c.encoding(), id, protocol.AsError(err))
	}
	size = len(msg)
	reserved = o.encoded(reserved, size)
	o.mu.Lock()
	if calls > 0 {
		if o.encoding--; o.encoding == encodings-1 {
			o.changed.Broadcast()
		}
	}
	if o.failed {
		o.inFlight -= calls
		o.unreserve(reserved)
	} else {
		q := &o.queued
		if len(q.buf) == 0 && len(msg) > keepBuffer {
			q.buf, msg = msg, q.buf // avoids a copy
		} else {
			q.buf = append(q.buf, msg...)
		}
		q.calls += calls
		q.reserved += reserved
		if calls == 0 {
			o.plains += size
		}
		if o.writing && o.idle {
			// From now on the unread timeout applies.
			o.idle = false
			o.setDeadline()
		}
	}
	o.mu.Unlock()
	o.c.srv.longMessage(size)
	*scratch = msg
	putBuffer(scratch)
	return size
}

// flush writes the queue as far as the kernel takes it without blocking.
func (o *out) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing || o.failed {
		return
	}
	if len(o.queued.buf) == 0 {
		// The answer to a subscribe may have been written before the
		// subscription was added.
		if o.ready() {
			o.kick()
		}
		return
	}
	o.writing = true
	if o.raw == nil {
		go o.drain(batch{}, 0)
		return
	}
	for len(o.queued.buf) > 0 {
		b := o.take()
		o.mu.Unlock()
		n, err := tryWrite(o.raw, b.buf)
		o.mu.Lock()
		o.sent += uint64(n)
		if err != nil {
			o.fail(err)
		} else if n < len(b.buf) {
			go o.drain(b, n)
			return
		}
		o.written(b)
	}
	if !o.failed && o.ready() {
		go o.drain(batch{}, 0)
		return
	}
	o.writing = false
	o.changed.Broadcast()
}

// kick starts the drain goroutine unless someone writes already. o.mu is held.
func (o *out) kick() {
	if !o.writing && !o.failed {
		o.writing = true
		go o.drain(batch{}, 0)
	}
}

// take returns the queue and empties it. o.mu is held.
func (o *out) take() batch {
	b := o.queued
	o.queued = batch{buf: o.spare[:0]}
	o.spare, o.plains, o.taken = nil, 0, len(b.buf)
	return b
}

// written records that a batch was written, or will not be. o.mu is held.
func (o *out) written(b batch) {
	o.taken = 0
	o.inFlight -= b.calls
	o.unreserve(b.reserved)
	if cap(b.buf) > keepBuffer {
		putBuffer(&b.buf)
	} else {
		o.spare = b.buf
	}
	o.changed.Broadcast()
}

// drain writes the rest of a batch of which n bytes are written, then all that
// is queued. Only drain blocks on the peer.
func (o *out) drain(b batch, n int) {
	events := eventBatches.Get().(*eventBatch)
	defer events.recycle()
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.failed {
		switch {
		case b.buf != nil:
			o.writeAll(b.buf[n:], false)
			o.written(b)
			b = batch{}
		case len(o.queued.buf) > 0:
			b := o.take()
			o.writeAll(b.buf, false)
			o.written(b)
		case o.ready():
			o.gather(events)
			o.writeAll(events.buf, true)
		default:
			o.writing = false
			o.changed.Broadcast()
			return
		}
	}
	o.writing = false
	o.changed.Broadcast()
}

// writeAll writes b, and blocks if the kernel does not take it at once. If
// answers wait and the peer reads nothing for the unread timeout, the
// connection fails; a peer for which only events wait has no timeout. o.mu is
// held, and released while writing.
func (o *out) writeAll(b []byte, events bool) {
	if len(b) == 0 {
		return
	}
	if o.raw != nil {
		o.mu.Unlock()
		n, err := tryWrite(o.raw, b)
		o.mu.Lock()
		o.sent += uint64(n)
		if err != nil {
			o.fail(err)
		}
		if b = b[n:]; len(b) == 0 {
			return
		}
	}
	for len(b) > 0 && !o.failed {
		o.idle = events && len(o.queued.buf) == 0
		o.setDeadline()
		o.unsent = len(b)
		o.mu.Unlock()
		n, err := o.c.nc.Write(b[:min(len(b), writeChunk)])
		o.mu.Lock()
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && o.raw != nil {
			// If the daemon was stopped or starved, the peer may have
			// read meanwhile: try again.
			o.setDeadline()
			o.mu.Unlock()
			var late error
			if n, late = tryWrite(o.raw, b); n > 0 || late != nil {
				err = late
			}
			o.mu.Lock()
		}
		o.sent += uint64(n)
		b = b[n:]
		if err != nil && !(n > 0 && errors.Is(err, os.ErrDeadlineExceeded)) {
			o.fail(err)
		}
	}
	// Clear the deadline: it would expire while nothing is written and fail
	// the next write at once.
	o.idle = false
	_ = o.c.nc.SetWriteDeadline(o.until)
	o.unsent = 0
}

// setDeadline sets the deadline of the current or next write. o.mu is held.
func (o *out) setDeadline() {
	var deadline time.Time
	if !o.idle {
		deadline = time.Now().Add(o.c.srv.Limits().UnreadTimeout)
	}
	if !o.until.IsZero() && (deadline.IsZero() || o.until.Before(deadline)) {
		deadline = o.until
	}
	_ = o.c.nc.SetWriteDeadline(deadline)
}

// expire sets a limit to all further writes together.
func (o *out) expire(after time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = time.Now().Add(after)
	o.setDeadline()
}

// fail gives up the connection. It must not log, as o.mu is held: log lines are
// events, and the bus calls wake.
func (o *out) fail(err error) {
	if o.failed {
		return
	}
	o.failed = true
	o.unread = errors.Is(err, os.ErrDeadlineExceeded)
	o.inFlight -= o.queued.calls
	o.unreserve(o.queued.reserved)
	o.queued, o.plains = batch{}, 0
	o.c.cancel(err)
	o.c.giveUp()
	o.changed.Broadcast()
}

// awaitIdle blocks until all is written or the connection has failed. It reports
// whether it failed because the peer did not read.
func (o *out) awaitIdle() (unread bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.writing || !o.failed && (len(o.queued.buf) > 0 || len(o.subs) > 0) {
		o.changed.Wait()
	}
	return o.unread
}
