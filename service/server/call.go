package server

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/registry"
)

// call executes a query or an action. An inline handler runs on the calling
// goroutine, any other on a goroutine of its own.
func (c *conn) call(kind protocol.Kind, req *protocol.Request) {
	c.out.begin()
	seq := c.inst.Bus().Seq()
	call := &registry.Call{
		Context: c.ctx, LibraryID: req.LibraryID, TraceID: req.TraceID,
		Peer: c.peer, Session: &c.session,
	}
	if call.TraceID == "" {
		call.TraceID = newTraceID()
	}
	m, err := c.inst.Registry().Find(kind, req.Method)
	var in any
	if err == nil {
		in, err = c.decode(m, call, req)
	}
	if kind == protocol.Action && c.logs(zerolog.InfoLevel) {
		c.peerProgram() // now: the peer may be gone when the call is logged
	}
	if err != nil {
		c.answer(m, call, req, seq, nil, err)
		if m != nil && kind == protocol.Action {
			c.account(m, call, req, time.Now(), err)
		}
		return
	}
	if m.Inline && (m.Always || c.inst.Opened()) {
		c.run(m, call, req, seq, in, time.Now())
		return
	}
	req.Payload = nil // it lies in the frame buffer, which is reused
	ctx, cancel := c.callContext(req)
	call.Context = ctx
	r := &running{Call: call, id: req.ID, method: m, began: time.Now(), cancel: cancel}
	c.started(r)
	own := *req
	c.calls.Go(func() {
		defer cancel(nil)
		c.run(m, call, &own, seq, in, r.began)
		c.ended(r)
		c.out.flush()
	})
}

// A running is a call whose handler has a goroutine of its own.
type running struct {
	*registry.Call
	id     uint64
	key    uint64 // in conn.running
	method *registry.Method
	began  time.Time
	cancel context.CancelCauseFunc
}

func (c *conn) started(r *running) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.key = r.id; r.id == 0 {
		c.unnamed++
		r.key = protocol.MaxID + c.unnamed
	}
	c.running[r.key] = r
}

// ended records that a call has been answered. answer has already removed it if
// it has an id.
func (c *conn) ended(r *running) {
	r.method.Tally.Took(time.Since(r.began))
	if r.id == 0 {
		c.mu.Lock()
		delete(c.running, r.key)
		c.mu.Unlock()
	}
}

func newTraceID() string { return strconv.FormatUint(rand.Uint64(), 36) }

func (c *conn) callContext(req *protocol.Request) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	if req.TimeoutMS == 0 {
		return ctx, cancel
	}
	ctx, stop := context.WithTimeout(ctx, milliseconds(req.TimeoutMS))
	return ctx, func(cause error) { cancel(cause); stop() }
}

// milliseconds returns n ms, at most the longest Duration.
func milliseconds(n uint64) time.Duration {
	return time.Duration(min(n, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond
}

func (c *conn) cancelCall(id uint64) (found bool) {
	c.mu.Lock()
	r := c.running[id]
	c.mu.Unlock()
	if r != nil {
		r.cancel(context.Canceled)
	}
	return r != nil
}

// run calls the handler, answers, and logs the call.
func (c *conn) run(m *registry.Method, call *registry.Call, req *protocol.Request, seq uint64, in any, began time.Time) {
	out, err := c.invoke(m, call, in)
	if err != nil && call.Err() != nil {
		err = stopped(call, err)
	}
	c.answer(m, call, req, seq, out, err)
	c.account(m, call, req, began, err)
}

// decode decodes and checks the call's input.
func (c *conn) decode(m *registry.Method, call *registry.Call, req *protocol.Request) (in any, err error) {
	defer c.recovered(m, call, &err)
	return m.Decode(req.Encoding, req.Payload)
}

// invoke waits for the instance if the method needs it, reserves memory if the
// answer has a list, and calls the handler.
func (c *conn) invoke(m *registry.Method, call *registry.Call, in any) (out any, err error) {
	defer c.recovered(m, call, &err)
	if !m.Always {
		if err := c.inst.Ready(call); err != nil {
			return nil, err
		}
	}
	if n := m.PageBytes(in); n > 0 {
		if err := c.out.reserve(call, n); err != nil {
			return nil, err
		}
		call.PageBytes = n
	}
	return m.Run(call, in)
}

// recovered, when deferred, turns a panic in a handler or an encoder into an
// error.
func (c *conn) recovered(m *registry.Method, call *registry.Call, err *error) {
	p := recover()
	if p == nil {
		return
	}
	c.log.Error().Str("method", m.Name).Str("trace_id", call.TraceID).
		Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("a handler panicked")
	*err = protocol.Errorf(protocol.Internal, "%s failed because of a bug in the daemon", m.Name).
		With("trace_id", call.TraceID).WithHint("the daemon's log has the details: spacedrive logs --target server")
}

// stopped returns the error of a call whose context was cancelled and whose
// handler returned err.
func stopped(call *registry.Call, err error) error {
	if protocol.HasCode(err, protocol.CoreUnavailable) {
		return err
	}
	if context.Cause(call.Context) == errShutdown {
		return protocol.Errorf(protocol.Cancelled, "cancelled: %w", errShutdown)
	}
	return protocol.AsError(call.Err())
}

// answer sends the result of a call, or its error. m is nil if the method is
// unknown.
func (c *conn) answer(m *registry.Method, call *registry.Call, req *protocol.Request, seq uint64, out any, err error) {
	if req.ID != 0 {
		c.mu.Lock()
		delete(c.running, req.ID)
		c.mu.Unlock()
	}
	long := m != nil && m.Long.Load()
	size := c.out.answer(req.ID, long, call.PageBytes, func(buf []byte) (msg []byte, failed error) {
		if err != nil {
			return protocol.AppendError(buf, c.encoding(), req.ID, protocol.AsError(err)), nil
		}
		defer func() { err = failed }()
		defer c.recovered(m, call, &failed)
		return protocol.AppendResult(buf, c.encoding(), req, seq, out)
	})
	if m != nil && long != (size > keepBuffer) {
		m.Long.Store(!long)
	}
	c.count(m, err)
}

// count counts a call that was answered.
func (c *conn) count(m *registry.Method, err error) {
	switch {
	case err == nil:
		m.Tally.OK.Add(1)
	case m == nil:
		c.srv.unknown.Add(1)
	default:
		m.Tally.Failed.Add(protocol.AsError(err).Code)
	}
}
