package client

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// FuzzDaemon connects to a daemon that answers the hello as it should or not,
// sends any bytes, in two pieces, and hangs up. Whatever they are, what the
// client was asked for returns, with an answer or with an error of the
// protocol's, and no goroutine is left.
func FuzzDaemon(f *testing.F) {
	goroutines := 0
	f.Fuzz(func(t *testing.T, cbor, polite bool, bytes []byte, cut uint16) {
		enc := protocol.JSON
		if cbor {
			enc = protocol.CBOR
		}
		target := serveOnce(t, enc, polite, bytes, int(cut))
		target.Encoding, target.tries = enc, 1
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		c, err := Dial(ctx, target)
		if err != nil {
			wantProtocolError(t, err)
		} else {
			_, err = Call(ctx, c, api.CoreStatus, api.Empty{})
			wantProtocolError(t, err)
			readEvents(ctx, t, c)
			c.Close()
		}
		if ctx.Err() != nil {
			t.Fatalf("%q: nobody gave up", bytes)
		}
		settle(t, &goroutines)
	})
}

// serveOnce serves each connection the bytes, and no more connections than a
// client may make: the first, and one instead of it for the call and for the
// subscription.
func serveOnce(t *testing.T, enc protocol.Encoding, polite bool, bytes []byte, cut int) Target {
	return serve(t, func(n int, p *peer) {
		if n > 8 {
			panic("the client connects without end")
		}
		if polite {
			req, ok := p.next()
			if !ok {
				return
			}
			p.hello(req)
		}
		cut := min(cut, len(bytes))
		_, _ = p.Write(bytes[:cut])
		if cut < len(bytes) {
			runtime.Gosched()
			_, _ = p.Write(bytes[cut:])
		}
		_ = p.Conn.(*net.UnixConn).CloseWrite()
		for { // until the client has gone, so that no write of its fails
			if _, ok := p.next(); !ok {
				return
			}
		}
	})
}

func readEvents(ctx context.Context, t *testing.T, c *Client) {
	t.Helper()
	s, err := c.Subscribe(ctx, protocol.SubscribeRequest{}, WithoutResume())
	if err != nil {
		wantProtocolError(t, err)
		return
	}
	for {
		m, err := s.Next(ctx)
		if err != nil {
			break // its connection has ended
		}
		if m.Event == nil && m.Gap == nil && !m.Heartbeat {
			t.Fatal("a message that says nothing")
		}
	}
	_ = s.Close()
}

func wantProtocolError(t *testing.T, err error) {
	t.Helper()
	var wire *protocol.Error
	if err != nil && !errors.As(err, &wire) {
		t.Fatalf("%T: %v", err, err)
	}
}

// settle waits until there are no more goroutines than at the first time.
func settle(t *testing.T, first *int) {
	t.Helper()
	if *first == 0 {
		*first = runtime.NumGoroutine()
		return
	}
	const slack = 4 // the runtime's and the test's own come and go
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > *first+slack {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d at first:\n%s", runtime.NumGoroutine(), *first, stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(time.Millisecond)
	}
}
