package notify

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// patience bounds every wait for what must happen. Nothing takes as long on any
// machine, however busy, and nothing is timed by it.
const patience = 5 * time.Minute

// manager is a service manager's socket.
func manager(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "n")
	nc, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return nc
}

func next(t *testing.T, nc *net.UnixConn) string {
	t.Helper()
	buf := make([]byte, 4096)
	_ = nc.SetReadDeadline(time.Now().Add(patience))
	n, err := nc.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestWords(t *testing.T) {
	nc := manager(t)
	for _, tt := range []struct {
		say  func()
		want string
	}{
		{Ready, "READY=1"},
		{Stopping, "STOPPING=1"},
		{func() { Status("two\nlines %d", 5) }, "STATUS=two lines 5"},
		{Reloading, "RELOADING=1\nMONOTONIC_USEC="},
	} {
		tt.say()
		if got := next(t, nc); !strings.HasPrefix(got, tt.want) {
			t.Errorf("said %q, want %q", got, tt.want)
		}
	}
}

func TestWatchdogIsFedByAGoodCheckOnly(t *testing.T) {
	nc := manager(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	ctx, cancel := context.WithCancel(t.Context())
	checks := 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		Watchdog(ctx, zerolog.Nop(), func(ctx context.Context) error {
			checks++
			switch {
			case checks <= 2:
				return nil
			case checks == 3: // a check that hangs is given up
				<-ctx.Done()
				return ctx.Err()
			case checks == 10:
				cancel()
			}
			return errors.New("broken")
		})
	}()
	<-done
	if a, b := next(t, nc), next(t, nc); a != "WATCHDOG=1" || b != "WATCHDOG=1" {
		t.Errorf("said %q and %q", a, b)
	}
	_ = nc.SetReadDeadline(time.Now())
	if n, err := nc.Read(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes more after checks that failed", n)
	}
}

func TestNoWatchdogAsked(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	Watchdog(t.Context(), zerolog.Nop(), func(context.Context) error {
		t.Error("checked all the same")
		return nil
	})
}
