package server

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/registry"
)

// mostRefusing bounds the refused connections that wait for their error. Further
// ones are closed without it.
const mostRefusing = 256

// maxDiscard bounds the bytes that are read and discarded from a refused
// connection.
const maxDiscard = 64 << 10

// refuse answers a connection's first byte with err, in the encoding that the
// byte picks, and closes it. A peer that sends nothing gets no answer.
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
		// A silent peer does not delay a shutdown more than a call does.
		defer context.AfterFunc(s.ctx, func() { _ = nc.SetDeadline(time.Now()) })()
		if _, readErr := nc.Read(first[:]); readErr != nil {
			return
		}
		enc := protocol.JSON
		if first[0] == 0 {
			enc = protocol.CBOR
		}
		_, _ = nc.Write(protocol.AppendError(nil, enc, 0, err))
		// Closing a socket with unread data causes an error at the peer;
		// nc then drops the answer that it has read.
		if half, ok := nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
			_, _ = io.CopyN(io.Discard, nc, maxDiscard)
		}
	})
	s.mu.Unlock()
}
