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
	gatherChunk = 64 << 10  // of events, written at a time
	writeChunk  = 1 << 20   // that a peer may take its time for
	keepBuffer  = 256 << 10 // that a connection keeps to itself
	plainAnswer = 1 << 20   // of answers that wait, before reading stops and no more are made
)

// encodings bounds how many answers of a connection are made at a time. With
// plainAnswer it bounds the memory that those of a peer who does not read take.
const encodings = 4

// An out is what a connection has to send. Answers are gathered in buf and
// written together, by the goroutine that has run out of other work, without
// waiting; what the kernel does not take at once a drain goroutine writes, and
// events too, whenever no answer waits.
type out struct {
	c   *conn
	raw syscall.RawConn // nil where writing without waiting is not possible

	pages *semaphore.Weighted // bytes of pages that are made at once: connPageBytes

	mu      sync.Mutex // after event.Bus's; held for moments only
	changed sync.Cond

	queued   batch  // to be written
	taken    int    // bytes of the batch that is being written
	plains   int    // bytes in queued of messages that answer no call
	spare    []byte // a buffer for the next batch
	inFlight int    // calls begun whose answers are not written
	encoding int    // answers in the making
	subs     []*subscription
	turn     int // whose events go next

	begun  uint64 // calls so far
	sent   uint64 // bytes so far
	unsent int    // bytes of what is being written

	writing bool      // some goroutine writes, and will look here again
	idle    bool      // it waits for the peer to take events, and no answers
	failed  bool      // the connection is broken
	unread  bool      // by a peer that did not read its answers
	until   time.Time // set: the latest deadline of any write
}

// A batch is messages that are written together.
type batch struct {
	buf      []byte
	calls    int // that it answers
	reserved int // bytes of Server.answers that those hold
}

func (o *out) init(c *conn) {
	o.c = c
	o.pages = semaphore.NewWeighted(connPageBytes)
	o.raw = rawConn(c.nc)
	o.changed.L = &o.mu
}

// begin counts one more call in flight, when there are fewer than allowed.
func (o *out) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wait(api.HeldByCalls, func() bool { return o.inFlight < o.c.srv.Limits().Calls })
	o.inFlight++
	o.begun++
}

// room waits until few enough messages that answer no call wait to be written.
// Answers of calls have bounds of their own, so that a client with too many of
// them can still cancel.
func (o *out) room() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wait(api.HeldByAnswers, func() bool { return o.plains < plainAnswer })
}

// wait waits for cond while there is hope, and flushes first. why is what
// holds the reading goroutine meanwhile. o.mu is held.
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

// flushed writes what waits and nobody writes, and reports whether there was
// such. o.mu is held, and released meanwhile.
func (o *out) flushed() bool {
	if o.writing || len(o.queued.buf) == 0 {
		return false
	}
	o.mu.Unlock()
	o.flush()
	o.mu.Lock()
	return true
}

// buffers hold messages in the making, longBuffers those of more than
// keepBuffer bytes. What these leave behind is given back to the system by
// Server.longMessage.
var buffers, longBuffers = sync.Pool{New: newBuffer}, sync.Pool{New: newBuffer}

func newBuffer() any { return new([]byte) }

func putBuffer(b *[]byte) {
	if cap(*b) > keepBuffer {
		longBuffers.Put(b)
	} else {
		buffers.Put(b)
	}
}

// plain queues a message that counts for no call. Its errors become an error
// message.
func (o *out) plain(id uint64, encode func([]byte) ([]byte, error)) {
	o.push(id, 0, 0, buffers.Get().(*[]byte), encode)
}

// answer queues the answer of a call that begin has counted, and that is
// likely to be long or not, and returns its size. reserved is what the call has
// of reserve. It waits while too much waits to be written already, as it may on
// a call's own goroutine.
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
			q.buf, msg = msg, q.buf // a long message is not copied
		} else {
			q.buf = append(q.buf, msg...)
		}
		q.calls += calls
		q.reserved += reserved
		if calls == 0 {
			o.plains += size
		}
		if o.writing && o.idle {
			// An answer waits now: the peer has to read.
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

// flush writes the answers that wait, as far as the kernel takes them.
func (o *out) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing || o.failed {
		return
	}
	if len(o.queued.buf) == 0 {
		// Another goroutine may have written the answer to a subscribe
		// before the subscription was added.
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

// kick has a goroutine write what waits, if none does. o.mu is held.
func (o *out) kick() {
	if !o.writing && !o.failed {
		o.writing = true
		go o.drain(batch{}, 0)
	}
}

// take returns the messages that wait, to be written. o.mu is held.
func (o *out) take() batch {
	b := o.queued
	o.queued = batch{buf: o.spare[:0]}
	o.spare, o.plains, o.taken = nil, 0, len(b.buf)
	return b
}

// written notes that a batch has reached the kernel, or never will. o.mu is
// held.
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

// drain writes what is left of a batch of which n bytes are written, then all
// that waits, and ends. It is the one goroutine that may wait for the peer.
func (o *out) drain(b batch, n int) {
	events := eventBatches.Get().(*eventBatch)
	defer events.free()
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

// writeAll writes b, waiting for the peer only where the kernel does not take
// it at once. A peer that takes nothing for the time allowed while answers
// wait breaks the connection; a mere subscriber may take its time. o.mu is
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
			// The daemon itself may have been stopped, or starved: then
			// the peer has read meanwhile, and there is room.
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
	// A deadline left behind would pass while nothing is written, and fail
	// the next write before it begins.
	o.idle = false
	_ = o.c.nc.SetWriteDeadline(o.until)
	o.unsent = 0
}

// setDeadline sets the deadline of the write that goes on or is about to
// begin. o.mu is held.
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

// expire bounds all writes from now on.
func (o *out) expire(after time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.until = time.Now().Add(after)
	o.setDeadline()
}

// fail gives the connection up. o.mu is held, so it must not log: log lines
// are events, and the bus calls wake.
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

// awaitIdle waits until all has been written, or nothing more can be. It
// reports whether that is for the peer's not reading.
func (o *out) awaitIdle() (unread bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.writing || !o.failed && (len(o.queued.buf) > 0 || len(o.subs) > 0) {
		o.changed.Wait()
	}
	return o.unread
}
