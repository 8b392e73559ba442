package client

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// patience bounds every wait for what must happen. Nothing takes as long on any
// machine, however busy, and nothing is timed by it.
const patience = 5 * time.Minute

func plainServer(_ int, p *peer) {
	for {
		req, ok := p.next()
		if !ok {
			return
		}
		p.answer(req)
	}
}

func TestCallInBothEncodings(t *testing.T) {
	for _, enc := range []protocol.Encoding{protocol.CBOR, protocol.JSON} {
		t.Run(enc.String(), func(t *testing.T) {
			target := serve(t, plainServer)
			target.Encoding = enc
			c := dial(t, target)
			var seq uint64
			status, err := Call(soon(t), c, api.CoreStatus, api.Empty{}, WithSeq(&seq))
			if err != nil || status.PID != 4 || seq != 7 {
				t.Errorf("got %+v, seq %d, error %v", status, seq, err)
			}
			if h := c.Hello(); h.Daemon.Version != "test" || h.Instance.DataDir != "/d\xff" {
				t.Errorf("hello is %+v", h)
			}
			if err := c.Ping(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCallSaysWhatItWasTold(t *testing.T) {
	got := make(chan protocol.Request, 1)
	c := dial(t, serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if !p.answer(req) {
				got <- req
				p.ok(req, api.Job{})
			}
		}
	}))
	lib, job := protocol.NewID(), protocol.NewID()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := Call(ctx, c, api.JobsPause, api.JobInput{JobID: job}, InLibrary(lib), WithTrace("abc")); err != nil {
		t.Fatal(err)
	}
	req := <-got
	var in api.JobInput
	if err := protocol.CBOR.UnmarshalStrict(req.Payload, &in); err != nil || in.JobID != job {
		t.Errorf("the payload is %v, error %v", in, err)
	}
	if req.Method != "action:jobs.pause.input.v1" || req.Type != "action" || req.LibraryID != lib || req.TraceID != "abc" {
		t.Errorf("sent %+v", req)
	}
	if most := uint64(patience.Milliseconds()); req.TimeoutMS < most*5/6 || req.TimeoutMS > most {
		t.Errorf("the time-out is %d ms, want just under %v", req.TimeoutMS, patience)
	}
}

func TestErrorOfTheDaemonComesThrough(t *testing.T) {
	c := dial(t, serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if !p.answer(req) {
				p.fail(req.ID, protocol.Errorf(protocol.NotFound, "no job").WithHint("list them").With("job_id", "x"))
			}
		}
	}))
	_, err := Call(soon(t), c, api.JobsPause, api.JobInput{JobID: protocol.NewID()})
	var wire *protocol.Error
	if !errors.As(err, &wire) || wire.Code != protocol.NotFound || wire.Hint != "list them" || wire.Details["job_id"] != "x" {
		t.Errorf("the error is %#v", err)
	}
}

func TestConcurrentCallsGetTheirOwnAnswers(t *testing.T) {
	var inFlight, most atomic.Int32
	c := dial(t, serve(t, func(_ int, p *peer) {
		var wg sync.WaitGroup
		defer wg.Wait()
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if p.answer(req) {
				continue
			}
			for n := inFlight.Add(1); ; {
				if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
			wg.Go(func() {
				var in api.LibraryCreateInput
				_ = protocol.CBOR.Unmarshal(req.Payload, &in)
				inFlight.Add(-1)
				p.ok(req, api.Library{Name: in.Name})
			})
		}
	}))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			name := protocol.NewID().String()
			lib, err := Call(soon(t), c, api.LibrariesCreate, api.LibraryCreateInput{Name: name})
			if err != nil || lib.Name != name {
				t.Errorf("asked for %s, got %s, error %v", name, lib.Name, err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 2 {
		t.Errorf("%d calls were in flight at once; hello allows 2", most.Load())
	}
}

func TestContextCancelReachesTheDaemon(t *testing.T) {
	arrived, cancelled := make(chan uint64, 1), make(chan uint64, 1)
	c := dial(t, serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			switch {
			case p.answer(req):
			case req.Type == protocol.TypeCancel:
				cancelled <- req.Target
				p.plain(protocol.TypeOK, req.ID, map[string]bool{"found": true})
				p.fail(req.Target, protocol.Errorf(protocol.Cancelled, "cancelled"))
			default:
				arrived <- req.ID
			}
		}
	}))
	ctx, cancel := context.WithCancel(t.Context())
	var id uint64
	go func() {
		id = <-arrived
		cancel()
	}()
	_, err := Call(ctx, c, api.SearchFiles, api.SearchInput{})
	if !errors.Is(err, context.Canceled) || !protocol.HasCode(err, protocol.Cancelled) {
		t.Errorf("the error is %v", err)
	}
	select {
	case target := <-cancelled:
		if target != id {
			t.Errorf("call %d was cancelled, want %d", target, id)
		}
	case <-soon(t).Done():
		t.Fatal("the daemon was not told to cancel")
	}
	// Its place among the calls in flight is free again, and its late
	// answer bothers nobody.
	for range 4 {
		if _, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDeadlineEndsACallThatIsNotRead(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	c := dial(t, serve(t, func(_ int, p *peer) {
		req, _ := p.next()
		p.answer(req)
		<-release
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	big := strings.Repeat("x", 8<<20) // more than the socket's buffers hold
	_, err := Call(ctx, c, api.SearchFiles, api.SearchInput{Query: big})
	if err == nil {
		t.Error("the call succeeded")
	}
	if _, err := Call(ctx, c, api.CoreStatus, api.Empty{}); err == nil {
		t.Error("a call on an expired context succeeded")
	}
}

func TestConnectionFailuresAreToldApart(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	silent := serve(t, func(_ int, p *peer) { _, _ = io.Copy(io.Discard, p) })
	silent.HelloTimeout = 50 * time.Millisecond
	closing := serve(t, func(_ int, p *peer) { p.next() })

	for name, test := range map[string]struct {
		target       Target
		reason, hint string
		is           error
	}{
		"no socket":       {Socket(filepath.Join(dir, "none")), ReasonNotFound, "spacedrive start", syscall.ENOENT},
		"stale socket":    {Socket(stale), ReasonRefused, "takes its place", syscall.ECONNREFUSED},
		"plain file":      {Socket(file), ReasonNotASocket, "--socket", nil},
		"path too long":   {Socket(filepath.Join(dir, strings.Repeat("x", 120))), ReasonPathTooLong, "shorter", nil},
		"no hello":        {silent, ReasonNoAnswer, "doctor", nil},
		"closed at once":  {closing, ReasonEnded, "logs", nil},
		"no such program": {Child(filepath.Join(dir, "spacedrived")), ReasonNotFound, "installed", os.ErrNotExist},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Dial(t.Context(), test.target)
			if err == nil {
				c.Close()
				t.Fatal("connected")
			}
			var wire *protocol.Error
			if !errors.As(err, &wire) || wire.Code != protocol.ConnectionFailed || wire.Details["reason"] != test.reason {
				t.Errorf("the error is %#v", err)
			}
			if !strings.Contains(wire.Hint, test.hint) {
				t.Errorf("the hint is %q", wire.Hint)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("the error does not wrap %v", test.is)
			}
		})
	}
}

func TestADyingDaemonsConnectionIsTriedAgain(t *testing.T) {
	c := dial(t, serve(t, func(n int, p *peer) {
		if p.next(); n > 3 { // the others are dropped, hello and all
			p.hello(protocol.Request{ID: 1})
			plainServer(n, p)
		}
	}))
	if err := c.Ping(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestPermissionDeniedSaysWhoseAndWhichMode(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s.sock")
	denied := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)}
	err := Socket(path).explain(t.Context(), denied)
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), path) {
		t.Errorf("the error is %v", err)
	}
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	err = Socket(path).explain(t.Context(), denied)
	var wire *protocol.Error
	if !errors.As(err, &wire) || wire.Details["reason"] != ReasonPermission || !strings.Contains(wire.Message, "mode 640") || !strings.Contains(wire.Message, "(uid ") {
		t.Errorf("the error is %v", err)
	}
	if !strings.Contains(wire.Hint, "as the user whose daemon") {
		t.Errorf("who cannot write by the group is told %q", wire.Hint)
	}
	if os.Getuid() == 0 {
		t.Log("running as root, whom no mode stops: a closed folder is not tried")
		return
	}
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	_, err = Dial(t.Context(), Socket(path))
	if !errors.As(err, &wire) || wire.Details["reason"] != ReasonPermission || !strings.Contains(wire.Message, "the folder "+dir) {
		t.Errorf("the error is %v", err)
	}
}

func TestRefusalOfTheConnectionComesThrough(t *testing.T) {
	target := serve(t, func(_ int, p *peer) {
		// At its first byte, and without reading on.
		_, _ = p.Read(make([]byte, 1))
		p.send(protocol.AppendError(nil, protocol.CBOR, 0, protocol.Errorf(protocol.TooManyConnections, "too many")), nil)
	})
	_, err := Dial(t.Context(), target)
	if !protocol.HasCode(err, protocol.TooManyConnections) {
		t.Errorf("the error is %v", err)
	}
}

func TestOnlyQueriesAreRepeated(t *testing.T) {
	for name, test := range map[string]struct {
		call    func(context.Context, *Client) error
		repeats bool
	}{
		"query": {func(ctx context.Context, c *Client) error {
			_, err := Call(ctx, c, api.LibrariesList, api.Empty{})
			return err
		}, true},
		"action": {func(ctx context.Context, c *Client) error {
			_, err := Call(ctx, c, api.LibrariesCreate, api.LibraryCreateInput{Name: "a"})
			return err
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var seen atomic.Int32
			c := dial(t, serve(t, func(n int, p *peer) {
				for {
					req, ok := p.next()
					if !ok {
						return
					}
					if p.answer(req) {
						continue
					}
					seen.Add(1)
					if n == 1 {
						return // the connection breaks before the answer
					}
					p.ok(req, api.Empty{})
				}
			}))
			err := test.call(soon(t), c)
			if test.repeats && (err != nil || seen.Load() != 2) {
				t.Errorf("seen %d times, error %v", seen.Load(), err)
			}
			if !test.repeats {
				var wire *protocol.Error
				if seen.Load() != 1 || !errors.As(err, &wire) || wire.Details["may_have_run"] != true || !strings.Contains(wire.Hint, "may have run") {
					t.Errorf("seen %d times, error %#v", seen.Load(), err)
				}
			}
			// Either way the client goes on, on a new connection.
			if _, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNoReconnectAfterSetCurrent(t *testing.T) {
	var connections atomic.Int32
	c := dial(t, serve(t, func(n int, p *peer) {
		connections.Add(1)
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if p.answer(req) {
				continue
			}
			if req.Method != api.LibrariesSetCurrent.Method() {
				return
			}
			p.ok(req, api.CurrentLibrary{})
		}
	}))
	if _, err := Call(soon(t), c, api.LibrariesSetCurrent, api.Empty{}, InLibrary(protocol.NewID())); err != nil {
		t.Fatal(err)
	}
	_, err := Call(soon(t), c, api.LocationsList, api.LocationListInput{})
	if !protocol.HasCode(err, protocol.ReadError) || connections.Load() != 1 {
		t.Errorf("%d connections, error %v", connections.Load(), err)
	}
}

func TestShutdownAndDone(t *testing.T) {
	c := dial(t, serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if req.Type == protocol.TypeShutdown {
				p.plain(protocol.TypeOK, req.ID, api.Empty{})
				return
			}
			p.answer(req)
		}
	}))
	if err := c.Shutdown(soon(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.Done():
	case <-soon(t).Done():
		t.Error("the connection did not end")
	}
}

func TestCloseFailsCallsInFlight(t *testing.T) {
	arrived := make(chan struct{})
	c := dial(t, serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if !p.answer(req) {
				close(arrived)
			}
		}
	}))
	go func() {
		<-arrived
		c.Close()
	}()
	if _, err := Call(soon(t), c, api.LibrariesList, api.Empty{}); !protocol.HasCode(err, protocol.ReadError) {
		t.Errorf("the error is %v", err)
	}
}

func TestChildProcess(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("serves", func(t *testing.T) {
		t.Setenv(asChild, "serve")
		c := dial(t, patient(Target{Command: []string{program}}))
		if status, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); err != nil || status.PID != 4 {
			t.Errorf("got %+v, error %v", status, err)
		}
	})
	t.Run("fails, and says why", func(t *testing.T) {
		t.Setenv(asChild, "fail")
		_, err := Dial(t.Context(), patient(Target{Command: []string{program}}))
		var wire *protocol.Error
		if !errors.As(err, &wire) || wire.Details["reason"] != ReasonEnded || !strings.Contains(wire.Message, "the data folder is read-only") {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestSSHTargets(t *testing.T) {
	for address, want := range map[string]string{
		"ssh://box":           "ssh -T -- box spacedrived --stdio '--instance' 'a'",
		"ssh://me@box:2222":   "ssh -T -p 2222 -- me@box spacedrived --stdio '--instance' 'a'",
		"ssh://-oProxy=x":     "",
		"ssh://-x@box":        "",
		"ssh://me:secret@box": "",
		"box":                 "",
		"http://box":          "",
		"ssh://box/path":      "",
	} {
		target, err := SSH(address, "", "--instance", "a")
		if (err != nil) != (want == "") || target.String() != want {
			t.Errorf("%s gives %q, error %v; want %q", address, target, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") && strings.HasPrefix(address, "ssh://me:") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
	for command, want := range map[string]string{
		"/opt/ssh": "/opt/ssh -T -- box spacedrived --stdio",
		"ssh -4":   `sh -c exec ssh -4 "$@" ssh -T -- box spacedrived --stdio`,
	} {
		if target, err := SSH("ssh://box", command); err != nil || target.String() != want {
			t.Errorf("by %q: %q, error %v; want %q", command, target, err, want)
		}
	}
	if target, _ := SSH("ssh://box", ""); target.unattended().String() != "ssh -o BatchMode=yes -T -- box spacedrived --stdio" {
		t.Errorf("unattended: %q", target.unattended())
	}
	if got := quote("it's"); got != `'it'\''s'` {
		t.Errorf("quoted as %s", got)
	}
}
