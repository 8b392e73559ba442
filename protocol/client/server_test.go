package client

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// asChild has the test binary serve on stdin and stdout, for Target.Command.
const asChild = "CLIENT_TEST_SERVE_STDIO"

func TestMain(m *testing.M) {
	switch os.Getenv(asChild) {
	case "serve":
		serveStdio()
		os.Exit(0)
	case "fail":
		fmt.Fprintln(os.Stderr, "the data folder is read-only")
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// A peer is a server's side of one connection, in the hands of a test.
type peer struct {
	net.Conn
	frames *protocol.FrameReader
	mu     sync.Mutex
}

func newPeer(c net.Conn) *peer { return &peer{Conn: c, frames: protocol.NewFrameReader(c, 0, nil)} }

// next returns the next request, false at the connection's end.
func (p *peer) next() (protocol.Request, bool) {
	frame, err := p.frames.Next()
	if err != nil {
		return protocol.Request{}, false
	}
	req, wire := protocol.ParseRequest(p.frames.Encoding(), frame)
	if wire != nil {
		panic(wire)
	}
	req.Payload = append([]byte(nil), req.Payload...)
	return req, true
}

func (p *peer) send(frame []byte, err error) {
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.Write(frame) // the client may be gone
}

func (p *peer) ok(req protocol.Request, v any) {
	p.send(protocol.AppendResult(nil, p.frames.Encoding(), &req, 7, v))
}

func (p *peer) plain(typ string, id uint64, v any) {
	p.send(protocol.AppendOK(nil, p.frames.Encoding(), typ, id, v))
}

func (p *peer) fail(id uint64, e *protocol.Error) {
	p.send(protocol.AppendError(nil, p.frames.Encoding(), id, e), nil)
}

func (p *peer) event(id, seq uint64) {
	body, err := p.frames.Encoding().Marshal(&protocol.Event{Seq: seq, Type: api.JobUpdate.Type, Time: time.Unix(0, 0)})
	if err != nil {
		panic(err)
	}
	p.send(protocol.NewEventFrame(p.frames.Encoding(), id).Append(nil, body), nil)
}

func (p *peer) hello(req protocol.Request) {
	p.plain(protocol.TypeOK, req.ID, protocol.HelloReply{
		Protocol: 1, Daemon: protocol.HelloDaemon{Name: "spacedrived", Version: "test", PID: os.Getpid()},
		Instance: protocol.HelloInstance{Name: "default", DataDir: "/d\xff"}, Limits: map[string]int64{"calls": 2},
	})
}

// answer answers what every test needs; it returns false for all else.
func (p *peer) answer(req protocol.Request) bool {
	switch {
	case req.Type == protocol.TypeHello:
		p.hello(req)
	case req.Type == protocol.TypePing:
		p.send(protocol.AppendPlain(nil, p.frames.Encoding(), protocol.TypePong, req.ID))
	case req.Method == api.CoreStatus.Method(), req.Method == api.CoreStatus.Name:
		p.ok(req, api.Status{Version: "test", PID: 4})
	default:
		return false
	}
	return true
}

// serve listens and hands every connection to handle, until the test ends.
func serve(t *testing.T, handle func(n int, p *peer)) Target {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wg.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				handle(n, newPeer(c))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return patient(Socket(path))
}

// patient returns target, of which the hello may take as long as anything.
func patient(target Target) Target {
	target.HelloTimeout = patience
	return target
}

func dial(t *testing.T, target Target) *Client {
	t.Helper()
	c, err := Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// soon is the time after which a test that waits has failed.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func serveStdio() {
	p := &peer{frames: nil, Conn: stdio{}}
	p.frames = protocol.NewFrameReader(os.Stdin, 0, nil)
	for {
		req, ok := p.next()
		if !ok {
			return
		}
		p.answer(req)
	}
}

type stdio struct{ net.Conn }

func (stdio) Write(b []byte) (int, error) { return os.Stdout.Write(b) }
