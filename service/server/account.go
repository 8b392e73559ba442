package server

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/registry"
)

// account logs a call, its caller and its outcome: actions and failures at level
// info, other queries at level debug. The connection's logger adds instance,
// peer_uid and peer_pid.
func (c *conn) account(m *registry.Method, call *registry.Call, req *protocol.Request, began time.Time, err error) {
	level := zerolog.DebugLevel
	if m.Kind == protocol.Action || err != nil {
		level = zerolog.InfoLevel
	}
	if !c.logs(level) {
		return
	}
	ev := c.log.WithLevel(level).Str("method", m.Name).Str("trace_id", call.TraceID).Uint64("request_id", req.ID).
		Dur("took_ms", time.Since(began))
	if name := c.peerProgram(); name != "" {
		ev = ev.Str("peer_program", name)
	}
	library := call.Library
	if library == (protocol.ID{}) {
		library = call.LibraryID // which may not exist
	}
	if library != (protocol.ID{}) {
		ev = ev.Stringer("library_id", library)
	}
	if err != nil {
		ev.Str("code", string(protocol.AsError(err).Code)).Msg(string(m.Kind) + " failed: " + protocol.AsError(err).Message)
		return
	}
	ev.Str("code", "ok").Msg(string(m.Kind) + " answered")
}

// logs reports whether lines of the level are logged.
func (c *conn) logs(level zerolog.Level) bool {
	return level >= max(c.log.GetLevel(), zerolog.GlobalLevel())
}

// peerProgram returns the name of the peer's program, "" if it is unknown. The
// first call looks it up.
func (c *conn) peerProgram() string {
	c.named.Do(func() { c.program = c.srv.program(c.peer) })
	return c.program
}

func (s *Server) program(peer registry.Peer) string {
	if s.Program == nil {
		return ""
	}
	return s.Program(peer.PID)
}
