package server

import (
	"github.com/spacedrive-go/spacedrive/protocol"
)

// handle executes one message.
func (c *conn) handle(frame []byte) {
	enc := c.frames.Encoding()
	req, wire := protocol.ParseRequest(enc, frame)
	if wire == nil && req.ID != 0 && c.inUse(req.ID) {
		wire = protocol.Errorf(protocol.InvalidRequest, "the id %d is in use", req.ID).With("field", "id")
	}
	if wire != nil {
		c.srv.unreadable.Add(wire.Code)
		c.fail(req.ID, wire)
		return
	}
	switch req.Type {
	case protocol.TypeQuery:
		c.call(protocol.Query, &req)
	case protocol.TypeAction:
		c.call(protocol.Action, &req)
	case protocol.TypePing:
		c.plain(req.ID, protocol.TypePong)
	case protocol.TypeHello:
		c.hello(&req)
	case protocol.TypeCancel:
		c.ok(req.ID, protocol.TypeOK, map[string]bool{"found": c.cancelCall(req.Target)})
	case protocol.TypeSubscribe:
		c.subscribe(&req)
	case protocol.TypeUnsubscribe:
		c.unsubscribe(&req)
	case protocol.TypeShutdown:
		c.ok(req.ID, protocol.TypeOK, struct{}{})
		c.out.flush()
		c.log.Info().Str("peer_program", c.peerProgram()).Msg("a client asked the daemon to stop")
		c.srv.Options.Shutdown()
	}
}

func (c *conn) inUse(id uint64) bool {
	c.mu.Lock()
	_, called := c.running[id]
	c.mu.Unlock()
	return called || c.out.subscribed(id)
}

func (c *conn) plain(id uint64, typ string) {
	c.out.plain(id, func(buf []byte) ([]byte, error) { return protocol.AppendPlain(buf, c.encoding(), typ, id) })
}

func (c *conn) ok(id uint64, typ string, payload any) {
	c.out.plain(id, func(buf []byte) ([]byte, error) {
		return protocol.AppendOK(buf, c.encoding(), typ, id, payload)
	})
}

func (c *conn) fail(id uint64, wire *protocol.Error) {
	c.out.plain(id, func(buf []byte) ([]byte, error) {
		return protocol.AppendError(buf, c.encoding(), id, wire), nil
	})
}

func (c *conn) hello(req *protocol.Request) {
	if p := req.Hello.Protocol; p != nil && (p[0] > protocol.Version || p[1] < protocol.Version) {
		wire := protocol.Errorf(protocol.ProtocolMismatch, "the client speaks protocol %d to %d, the daemon %d to %d", p[0], p[1], protocol.Version, protocol.Version).
			With("client", p).With("daemon", []uint64{protocol.Version, protocol.Version})
		if p[0] > protocol.Version {
			c.fail(req.ID, wire.WithHint("upgrade the daemon, then run: spacedrive restart"))
		} else {
			c.fail(req.ID, wire.WithHint("upgrade the client"))
		}
		return
	}
	c.introduced(req.Hello.Client)
	c.ok(req.ID, protocol.TypeOK, c.srv.Options.Hello(c.inst))
}
