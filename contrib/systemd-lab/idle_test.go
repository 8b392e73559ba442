package lab

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A thousand connections, ten at a time, at moments around the daemon's exit:
// some keep it, some meet it while it ends, some start the next one. Every one
// is answered.
func TestIdleExitLosesNoConnection(t *testing.T) {
	const rounds, clients = 100, 10
	const idle = 100 * time.Millisecond
	d := install(t)
	d.configure(fmt.Sprintf("idle_timeout = %q\n", idle))
	d.status() // starts it

	var mu sync.Mutex
	daemons := make(map[api.ID]int) // answers, by boot id
	for round := range rounds {
		var all sync.WaitGroup
		moment := idle - 10*time.Millisecond + rand.N(30*time.Millisecond)
		for range clients {
			all.Go(func() {
				time.Sleep(moment + rand.N(10*time.Millisecond)) // the client's own time; nothing is waited for
				answers, err := exchange(d.socket, statusQuery)
				var s api.Status
				if err == nil && len(answers) == 1 {
					err = json.Unmarshal(answers[0].Payload, &s)
				}
				if err != nil || len(answers) != 1 || s.PID == 0 {
					t.Errorf("round %d: a connection was lost: %d answers, %v", round, len(answers), err)
				}
				mu.Lock()
				defer mu.Unlock()
				daemons[s.BootID]++
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
	}
	if len(daemons) < 10 {
		t.Errorf("%d daemons answered; the test needs more exits to say anything", len(daemons))
	}
	t.Logf("%d connections, %d daemons", rounds*clients, len(daemons))
	d.socketLives()
	if n := d.property("spacedrive.service", "NRestarts"); n != "0" {
		t.Errorf("%s of the exits were failures", n)
	}
}

func TestAnOpenConnectionHoldsIdleExitOff(t *testing.T) {
	const idle = 100 * time.Millisecond
	d := install(t)
	d.configure(fmt.Sprintf("idle_timeout = %q\n", idle))
	c, err := net.Dial("unix", d.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first := d.status()
	time.Sleep(20 * idle) // the absence of an event cannot be waited for otherwise
	if s := d.status(); s.BootID != first.BootID {
		t.Error("it exited with a connection open")
	}
	c.Close()
	d.until("the idle exit", func() bool { return d.property("spacedrive.service", "ActiveState") == "inactive" })
	if result := d.property("spacedrive.service", "Result"); result != "success" {
		t.Errorf("the idle exit's result is %s", result)
	}
}
