package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func TestAfterKillTheNextConnectionIsServed(t *testing.T) {
	d := install(t)
	for range 5 {
		before := d.status()
		if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		// The socket of a dying process may still take the connection and
		// drop it: a client that was not answered asks again.
		d.until("an answer of the next daemon", func() bool {
			answers, err := exchange(d.socket, statusQuery)
			return err == nil && len(answers) == 1 && !strings.Contains(string(answers[0].Payload), before.BootID.String())
		})
	}
	d.socketLives()
}

// Killed at any moment after its first answer, many times: whoever asks is
// served by the next daemon, and who watches is there at the end.
func TestKillsAtAnyMoment(t *testing.T) {
	const kills, latest = 15, 300 * time.Millisecond
	d := install(t)
	watchers := []*watcher{d.watch("events"), d.watch("logs", "-f")}
	d.until("two subscribers", func() bool { return d.status().Subscriptions.Count == len(watchers) })
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for range 10 {
		all.Go(func() {
			for ctx.Err() == nil {
				// What the killed one had accepted is lost with it; no more than that.
				_, err := exchange(d.socket, statusQuery)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("no answer and no end: %v", err)
					return
				}
			}
		})
	}
	for range kills {
		// Of those who ask, too, one may ask the daemon that is killed next.
		pid := 0
		d.until("an answer", func() bool {
			answers, err := exchange(d.socket, statusQuery)
			var s api.Status
			if err != nil || len(answers) != 1 || json.Unmarshal(answers[0].Payload, &s) != nil {
				return false
			}
			pid = s.PID
			return true
		})
		time.Sleep(rand.N(latest)) // the moment; nothing is waited for
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	all.Wait()
	d.until("the subscribers", func() bool {
		answers, err := exchange(d.socket, statusQuery)
		var s api.Status
		return err == nil && len(answers) == 1 && json.Unmarshal(answers[0].Payload, &s) == nil && s.Subscriptions.Count == len(watchers)
	})
	for _, w := range watchers {
		if code := w.interrupt(); code != 130 {
			t.Errorf("exit code %d", code)
		}
	}
	d.socketLives()
}

func TestTheWatchdogEndsAHungDaemon(t *testing.T) {
	d := install(t)
	d.dropIn("spacedrive.service", "[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n")
	hung := d.status()
	if err := syscall.Kill(hung.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	d.until("the watchdog", func() bool { return d.property("spacedrive.service", "NRestarts") == "1" })
	if next := d.status(); next.PID == hung.PID {
		t.Errorf("%d answers, which was hung", next.PID)
	}
	log := d.journalctl("-o", "cat", "USER_UNIT=spacedrive.service")
	if !strings.Contains(log, "Watchdog timeout") {
		t.Errorf("it was not the watchdog:\n%s", log)
	}
}

func TestTheWatchdogLeavesABusyDaemonAlone(t *testing.T) {
	d := install(t)
	d.dropIn("spacedrive.service", "[Service]\nWatchdogSec=1\n")
	first := d.status()
	for stop := time.Now().Add(4 * time.Second); time.Now().Before(stop); {
		if s := d.status(); s.PID != first.PID {
			t.Fatalf("%d was replaced by %d", first.PID, s.PID)
		}
	}
	if n := d.property("spacedrive.service", "NRestarts"); n != "0" {
		t.Errorf("restarted %s times", n)
	}
}

// Fifty starts in vain, many times what systemd's limits allow by default: 5
// starts in 10 s (systemd.unit(5)), 20 triggers in 2 s (systemd.socket(5)).
// Past either the socket would be dead for good.
func TestAProgramThatCannotRunDoesNotTakeItsSocketDown(t *testing.T) {
	for name, spoilt := range map[string]string{
		"it fails":         "[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=20ms\n",
		"it ends, content": "[Service]\nExecStart=\nExecStart=/bin/true\nType=exec\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := install(t)
			mend := d.dropIn("spacedrive.service", spoilt)
			var waiting []net.Conn
			for i := range 50 {
				c, err := net.DialTimeout("unix", d.socket, patience)
				if err != nil {
					t.Fatalf("connection %d: %v", i, err)
				}
				defer c.Close()
				if _, err := fmt.Fprintln(c, statusQuery); err != nil {
					t.Fatalf("connection %d: %v", i, err)
				}
				waiting = append(waiting, c)
			}
			d.until("50 starts in vain", func() bool {
				d.socketLives()
				return strings.Count(d.journalctl("-o", "cat"), "Starting spacedrive.service") >= 50
			})

			mend()
			for i, c := range waiting {
				if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
					t.Fatal(err)
				}
				reply := make([]byte, len(`{"type":"ok"`))
				if _, err := io.ReadFull(c, reply); err != nil || string(reply) != `{"type":"ok"` {
					t.Fatalf("connection %d, made while no daemon could run, got %q: %v", i, reply, err)
				}
			}
			d.socketLives()
		})
	}
}
