package server_test

import (
	"bufio"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// A stopped connection is the daemon's side of one, in a daemon that is stopped
// where it is about to wait, and goes on when the time allowed is over.
type stopped struct {
	*net.UnixConn
	reading, writing func()      // what happens meanwhile, or nil
	half             atomic.Bool // a frame is not all there
	once             sync.Once
}

func (s *stopped) SetReadDeadline(t time.Time) error {
	s.half.Store(!t.IsZero())
	return s.UnixConn.SetReadDeadline(t)
}

func (s *stopped) Read(b []byte) (int, error) {
	if s.half.Load() && s.reading != nil {
		s.once.Do(func() {
			s.reading()
			_ = s.UnixConn.SetReadDeadline(time.Unix(1, 0))
		})
	}
	return s.UnixConn.Read(b)
}

func (s *stopped) Write(b []byte) (int, error) {
	if s.writing != nil {
		s.once.Do(func() {
			s.writing()
			_ = s.UnixConn.SetWriteDeadline(time.Unix(1, 0))
		})
	}
	return s.UnixConn.Write(b)
}

// pair returns the two ends of a connection.
func pair(t *testing.T) (here, there *net.UnixConn) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if here, err = net.DialUnix("unix", nil, l.Addr().(*net.UnixAddr)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close() })
	_ = here.SetDeadline(time.Now().Add(patience))
	if there, err = l.AcceptUnix(); err != nil {
		t.Fatal(err)
	}
	return here, there
}

// serveOne serves one connection until its end.
func serveOne(t *testing.T, nc net.Conn) {
	srv := server.New(server.Options{Limits: config.Default().Limits, Log: zerolog.Nop()})
	var wg sync.WaitGroup
	wg.Go(func() { srv.ServeConn(nc, newInstance(), registry.Peer{}) })
	t.Cleanup(wg.Wait)
}

// TestTheTimeAllowedPassesWhileTheDaemonIsStopped: who has done its part
// meanwhile is not cut off for it.
func TestTheTimeAllowedPassesWhileTheDaemonIsStopped(t *testing.T) {
	t.Run("and the rest of a frame comes", func(t *testing.T) {
		here, there := pair(t)
		serveOne(t, &stopped{UnixConn: there, reading: func() { fmt.Fprintln(here, `ng"}`) }})
		defer here.Close()
		fmt.Fprint(here, `{"type":"pi`)
		if answer, err := bufio.NewReader(here).ReadString('\n'); err != nil || !strings.Contains(answer, "pong") {
			t.Errorf("it gets %q, %v", answer, err)
		}
	})
	t.Run("and the peer is gone", func(t *testing.T) {
		here, there := pair(t)
		serveOne(t, &stopped{UnixConn: there, reading: func() { _ = here.CloseWrite() }})
		defer here.Close()
		fmt.Fprint(here, `{"type":"pi`)
		if answer, err := bufio.NewReader(here).ReadString('\n'); err != nil || !strings.Contains(answer, "cut off") {
			t.Errorf("it gets %q, %v", answer, err)
		}
	})
	t.Run("and nothing comes", func(t *testing.T) {
		here, there := pair(t)
		serveOne(t, &stopped{UnixConn: there, reading: func() {}})
		defer here.Close()
		fmt.Fprint(here, `{"type":"pi`)
		if answer, err := bufio.NewReader(here).ReadString('\n'); err != nil || !strings.Contains(answer, "the rest did not come in time") {
			t.Errorf("it gets %q, %v", answer, err)
		}
	})
	t.Run("and the peer reads", func(t *testing.T) {
		here, there := pair(t)
		const size = 8_000_000
		got, full := 0, make(chan struct{})
		buf := make([]byte, 1<<20)
		serveOne(t, &stopped{UnixConn: there, writing: func() { // the kernel holds all that it takes
			n, err := here.Read(buf)
			if err != nil {
				t.Error(err)
			}
			got = n
			close(full)
		}})
		defer here.Close()
		fmt.Fprintf(here, `{"type":"query","method":"test.big","payload":{"size":%d}}`+"\n", size)
		for <-full; got < size; {
			n, err := here.Read(buf)
			if err != nil {
				t.Fatalf("after %d bytes: %v", got, err)
			}
			got += n
		}
	})
}
