package server

import (
	"maps"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A traffic counts the data of connections.
type traffic struct {
	connections uint64
	in, out     uint64 // bytes
}

func (t *traffic) add(o traffic) {
	t.connections += o.connections
	t.in += o.in
	t.out += o.out
}

func (c *conn) traffic() traffic {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return traffic{connections: 1, in: c.bytesIn.Load(), out: c.out.sent}
}

// admit gives c its number and adds it to the connections. s.mu is held.
func (s *Server) admit(c *conn) {
	c.id = s.past.connections + uint64(len(s.conns)) + 1
	s.conns[c] = struct{}{}
}

// longestClient bounds the stored name of a client, in bytes.
const longestClient = 64

// introduced stores the name that the peer gave in hello.
func (c *conn) introduced(client string) {
	if len(client) > longestClient {
		client = strings.ToValidUTF8(client[:longestClient], "")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client = strings.Clone(client) // it may be part of a long frame
}

// hold records why reading is blocked, until release is called.
func (c *conn) hold(why string) (release func()) {
	note := func(why string) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.held = why
	}
	note(why)
	return func() { note("") }
}

// Counts are the server's counters.
type Counts struct {
	Connections int                      // open
	Accepted    uint64                   // in total
	Refused     map[protocol.Code]uint64 // connections, by code
	BytesIn     uint64
	BytesOut    uint64
	Calls       int                      // in flight
	Unknown     uint64                   // calls of unknown methods
	Unreadable  map[protocol.Code]uint64 // messages that could not be parsed, by code
	Memory      int64                    // bytes in use for long requests
	Pages       int64                    // bytes in use for lists in answers
}

// Counts returns the server's counters.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	total, calls := s.past, 0
	for c := range s.conns {
		total.add(c.traffic())
		c.mu.Lock()
		calls += len(c.running)
		c.mu.Unlock()
	}
	return Counts{
		Connections: len(s.conns), Accepted: total.connections, Refused: maps.Clone(s.refused),
		BytesIn: total.in, BytesOut: total.out, Calls: calls,
		Unknown: s.unknown.Load(), Unreadable: s.unreadable.Counts(), Memory: s.memoryUsed.Load(), Pages: s.pagesUsed.Load(),
	}
}
