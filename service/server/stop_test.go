package server_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/service/listen"
	"github.com/spacedrive-go/spacedrive/service/server"
)

func TestShutdown(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"subscribe","id":1}`)
	c.want("type", "subscribed")
	c.send(`{"type":"query","id":2,"method":"test.block"}`)
	<-d.inst.blocked
	c.send(`{"type":"shutdown","id":3}`)
	c.want("type", "ok", "id", "3")
	<-d.down
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no time for calls
	d.Shutdown(ctx)
	c.want("id", "2", "error.code", "cancelled")
	c.want("id", "1", "type", "end", "reason", "shutdown")
	c.wantEnd()
}

func TestShutdownWaitsNoLongerThanItMustForWhoSendsNothing(t *testing.T) {
	lines := new(counter)
	d := start(t, func(o *server.Options) {
		o.Limits.Connections = 0
		o.Limits.RefusedTimeout = time.Hour
		o.Log = zerolog.New(lines).Level(zerolog.ErrorLevel)
	})
	c := d.dial(t)
	waitFor(t, "the connection to be there", func() bool { _, idle := d.IdleSince(); return !idle })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.Shutdown(ctx)
	c.wantEnd()
	if lines.Load() > 0 {
		t.Error("it has waited, and left the connection behind")
	}
}

func TestACallThatDoesNotEndIsLeftBehind(t *testing.T) {
	d := start(t)
	stuck := make(chan struct{})
	t.Cleanup(func() { close(stuck) }) // before the second shutdown, of start
	d.inst.ready = func(context.Context) error { d.inst.blocked <- struct{}{}; <-stuck; return nil }
	c := d.dial(t)
	c.send(`{"type":"query","id":1,"method":"test.echo"}`)
	<-d.inst.blocked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.Shutdown(ctx)
}

func TestDrainAndShutdownAtOnce(t *testing.T) {
	for range 20 {
		d := start(t)
		c := d.dial(t)
		c.send(`{"type":"ping"}`)
		c.want("type", "pong")
		var wg sync.WaitGroup
		wg.Go(func() {
			for range 50 {
				d.Drain(time.Time{})
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		d.Shutdown(ctx)
		wg.Wait()
	}
}

func TestDrainLosesNobody(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"ping"}`)
	c.want("type", "pong")
	if d.Drain(time.Now()) {
		t.Fatal("drained under an open connection")
	}
	second := d.dial(t)
	second.send(`{"type":"ping"}`)
	second.want("type", "pong")
	c.Close()
	second.Close()
	waitFor(t, "no connection", func() bool { return d.Connections() == 0 })
	since, _ := d.IdleSince()
	if d.Drain(since.Add(-1)) {
		t.Fatal("drained although a connection has come and gone since")
	}
	if !d.Drain(since) {
		t.Fatal("not drained without a connection")
	}
	_ = os.Remove(d.path)
}

// interruptible is a listener that reports when its Accept was interrupted.
type interruptible struct {
	*net.UnixListener
	interrupted chan struct{}
}

func (l *interruptible) SetDeadline(t time.Time) error {
	defer func() { l.interrupted <- struct{}{} }()
	return l.UnixListener.SetDeadline(t)
}

// A daemon may have been idle for long enough before it has begun to accept:
// who waits at the socket then is not taken in to be turned out.
func TestDrainAtTheStartLosesNobody(t *testing.T) {
	d := start(t)
	path := filepath.Join(t.TempDir(), "s.sock")
	bound, err := listen.Bind(path, "default", listen.Admission{})
	if err != nil {
		t.Fatal(err)
	}
	defer bound.Close()
	f, err := bound.File() // the service manager's
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	waiting, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()

	o := server.Options{Limits: config.Default().Limits, Peer: listen.Admission{}.Peer, Log: zerolog.Nop()}
	first, ln := server.New(o), &interruptible{bound.UnixListener, make(chan struct{}, 2)}
	first.Expect(ln, false)
	drained := make(chan bool, 1)
	go func() { drained <- first.Drain(time.Now()) }()
	select {
	case <-drained:
		t.Fatal("drained before anybody accepts")
	case <-ln.interrupted:
	}
	var wg sync.WaitGroup
	wg.Go(func() { first.Serve(ln, d.inst) })
	if !<-drained {
		t.Error("not drained without a connection")
	}
	first.Shutdown(t.Context())
	wg.Wait()

	inherited, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	next := server.New(o)
	wg.Go(func() { next.Serve(inherited.(*net.UnixListener), d.inst) })
	defer wg.Wait()
	defer next.Shutdown(t.Context())
	if _, err := waiting.Write([]byte(`{"type":"ping"}` + "\n")); err != nil {
		t.Fatal(err)
	}
	_ = waiting.SetDeadline(time.Now().Add(patience))
	answer := make([]byte, 256)
	if n, err := waiting.Read(answer); err != nil || !strings.Contains(string(answer[:n]), "pong") {
		t.Errorf("who waited gets %q, %v", answer[:n], err)
	}
}
