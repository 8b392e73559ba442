package registry

import (
	"context"
	"sync"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A Call is one call of a client, and the context that its handler gets. A
// handler finds it with FromContext.
type Call struct {
	context.Context
	LibraryID protocol.ID // from the envelope; zero where none was given
	Library   protocol.ID // that it means, for the log; set by whoever finds that out, while its handler runs
	TraceID   string      // stands in every log line and event that the call causes
	Peer      Peer
	Session   *Session

	PageBytes int // memory that the server has reserved for the list in the answer; 0: none
}

// MaxPageBytes is how long the list in an answer may be, encoded. It leaves
// room in a frame for what an estimate of the length gets wrong.
const MaxPageBytes = 8 << 20

// PageBytes returns how long the list in the answer to the call of ctx may be,
// encoded, in bytes. A handler ends the page there, and returns a cursor, even
// where the page has fewer entries than the call allows.
func PageBytes(ctx context.Context) int {
	if n := FromContext(ctx).PageBytes; n > 0 {
		return n
	}
	return MaxPageBytes
}

// A Peer is the process at the other end of a connection.
type Peer struct {
	UID int // -1 where nothing could be learnt
	PID int // 0 where the system does not tell
}

type callKey struct{}

// Value returns c itself for FromContext, else the value in the context below.
func (c *Call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// FromContext returns the call that ctx belongs to, and an empty one outside
// of any.
func FromContext(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{Context: ctx, Session: new(Session)}
}

// TraceID returns the trace id of the call that ctx belongs to, or "".
func TraceID(ctx context.Context) string { return FromContext(ctx).TraceID }

// A Session is what a connection remembers from call to call.
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
