package server

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/registry"
)

// mostRefusing bounds the connections that wait to be told why they are
// refused; beyond it they are closed untold.
const mostRefusing = 256

// mostUnheard bounds the bytes that are taken from a connection that has been
// refused, and thrown away.
const mostUnheard = 64 << 10

// refuse answers a connection's first byte with err, in the encoding that the
// byte picks, and closes it. One that sends nothing is closed in time.
func (s *Server) refuse(nc net.Conn, peer registry.Peer, err *protocol.Error) {
	if ev := s.refusals.Warn(); ev.Enabled() {
		ev = ev.Int("peer_uid", peer.UID).Int("peer_pid", peer.PID)
		if name := s.program(peer); name != "" {
			ev = ev.Str("peer_program", name)
		}
		ev.Str("code", string(err.Code)).Msg("connection refused: " + err.Message)
	}
	s.mu.Lock()
	s.refused[err.Code]++
	if s.refusing >= mostRefusing {
		s.mu.Unlock()
		nc.Close()
		return
	}
	s.refusing++
	s.wg.Go(func() {
		defer func() {
			nc.Close()
			s.mu.Lock()
			s.refusing--
			s.idleSince = time.Now()
			s.mu.Unlock()
		}()
		var first [1]byte
		_ = nc.SetDeadline(time.Now().Add(s.Limits().RefusedTimeout))
		// One that sends nothing holds up no shutdown for longer than a call.
		defer context.AfterFunc(s.ctx, func() { _ = nc.SetDeadline(time.Now()) })()
		if _, readErr := nc.Read(first[:]); readErr != nil {
			return
		}
		enc := protocol.JSON
		if first[0] == 0 {
			enc = protocol.CBOR
		}
		_, _ = nc.Write(protocol.AppendError(nil, enc, 0, err))
		// What is unread when a socket is closed makes an error at the other
		// end, for which nc throws away the answer that it has.
		if half, ok := nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			_, _ = io.CopyN(io.Discard, nc, mostUnheard)
		}
	})
	s.mu.Unlock()
}
