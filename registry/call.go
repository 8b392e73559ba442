package registry

import (
	"context"
	"sync"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A Call is a call by a client. It is the context of its handler, which gets it
// with FromContext.
type Call struct {
	context.Context
	LibraryID protocol.ID // from the envelope; zero if absent
	Library   protocol.ID // the library used, for the log; set while the handler runs
	TraceID   string      // in every log line and event that the call causes
	Peer      Peer
	Session   *Session

	PageBytes int // memory that the server has reserved for the list in the answer; 0: none
}

// MaxPageBytes bounds the encoded list in an answer. It is half of the largest
// frame, because lengths are estimated.
const MaxPageBytes = 8 << 20

// PageBytes returns how many bytes the encoded list in the answer to the call of
// ctx may have. A handler ends the page before that and returns a cursor, even
// if the page has fewer entries than the input's limit.
func PageBytes(ctx context.Context) int {
	if n := FromContext(ctx).PageBytes; n > 0 {
		return n
	}
	return MaxPageBytes
}

// A Peer is the process at the other end of a connection.
type Peer struct {
	UID int // -1 if unknown
	PID int // 0 if unknown
}

type callKey struct{}

// Value returns c itself for FromContext, else the value in the context below.
func (c *Call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// FromContext returns the call that ctx belongs to, or an empty one.
func FromContext(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{Context: ctx, Session: new(Session)}
}

// TraceID returns the trace id of the call that ctx belongs to, or "".
func TraceID(ctx context.Context) string { return FromContext(ctx).TraceID }

// A Session is the state that a connection keeps between calls.
type Session struct {
	mu      sync.Mutex
	library protocol.ID
}

// Library returns the connection's current library, or zero.
func (s *Session) Library() protocol.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.library
}

// SetLibrary sets the connection's current library.
func (s *Session) SetLibrary(id protocol.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.library = id
}
