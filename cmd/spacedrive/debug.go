package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

var _ = register[debugCmd]("debug", groupWatch)

type debugCmd struct {
	Show    debugShowCmd    `cmd:"" default:"withargs" help:"Show connections, calls in flight, subscriptions and the runtime (the default)."`
	Bundle  debugBundleCmd  `cmd:"" help:"Write one archive with what helps to find a fault, and no private name."`
	Metrics debugMetricsCmd `cmd:"" help:"Print the daemon's counters in the text format of Prometheus."`
}

type debugShowCmd struct {
	Goroutines bool `help:"Show what the daemon's goroutines do, too."`
	Limit      int  `help:"At most so many connections, calls and subscriptions (default: 100)." default:"100" placeholder:"N"`
}

func (c *debugShowCmd) Run(a *app) error {
	if c.Limit < 1 || c.Limit > api.MaxLimit {
		return usage("--limit: must be from 1 to %d", api.MaxLimit)
	}
	d, err := invoke(a, api.CoreDebug, api.DebugInput{Limit: c.Limit, Goroutines: c.Goroutines})
	if err != nil {
		return a.debugElsewhere(err)
	}
	return a.term.show(d, func() { a.printDebug(d) })
}

type debugMetricsCmd struct{}

func (*debugMetricsCmd) Run(a *app) error {
	m, err := invoke(a, api.CoreMetrics, api.Empty{})
	if err != nil {
		return a.debugElsewhere(err)
	}
	return a.term.show(m, func() { a.term.out.WriteString(m.Text) })
}

// debugElsewhere says how to inspect a daemon that takes no calls.
func (a *app) debugElsewhere(err error) error {
	pid := a.daemon.SocketHolder()
	if pid == 0 || a.cli.Host != "" || !takesNoCalls(err) {
		return err
	}
	a.term.note("The daemon's process writes the same to %s after: kill -USR1 %d", human.Clean(a.path(protocol.Path(a.debugFile()))), pid)
	return err
}

// takesNoCalls reports whether err says that a daemon runs, and takes no calls.
func takesNoCalls(err error) bool {
	return protocol.HasCode(err, protocol.TooManyConnections) || client.Reason(err) == client.ReasonNoAnswer
}

// debugFile is where a daemon writes its state when it is sent SIGUSR1.
func (a *app) debugFile() string { return filepath.Join(a.daemon.DataDir, "logs", "debug.json") }

func (a *app) printDebug(d api.Debug) {
	a.printRuntime(d)
	a.section("Connections", len(d.Connections), d.Totals.Connections)
	t := newTable("ID", "PEER", "CLIENT", "OPEN", "ENC", ">CALLS", ">UNREAD", ">BYTES", "HELD BY", ">SUBS", ">CALLS SO FAR", ">READ", ">WRITTEN")
	for _, c := range d.Connections {
		t.add(connName(c.ID), peerName(c.DebugPeer), c.Client, human.Duration(d.Time.Sub(c.Since)), c.Encoding,
			strconv.Itoa(c.Calls), strconv.Itoa(c.AnswersWaiting), human.Size(int64(c.BytesWaiting)), c.Held,
			strconv.Itoa(c.Subscriptions), human.Count(int64(c.CallsTotal)), human.Size(int64(c.BytesRead)), human.Size(int64(c.BytesWritten)))
	}
	t.print(a.term)
	a.section("Calls in flight", len(d.Calls), d.Totals.Calls)
	t = newTable(">AGE", "METHOD", "PEER", "CONN", ">ID", ">TIME LEFT", "STATE", "TRACE")
	for _, c := range d.Calls {
		t.add(human.Duration(milliseconds(c.AgeMS)), c.Method, peerName(c.DebugPeer), connName(c.Connection), strconv.FormatUint(c.ID, 10),
			timeLeft(c.TimeoutLeftMS), only(c.Cancelled, "cancelled"), c.TraceID)
	}
	t.print(a.term)
	a.section("Subscriptions", len(d.Subscriptions), d.Totals.Subscriptions)
	t = newTable("PEER", "CONN", ">ID", ">QUEUE", ">BYTES", ">LAG", ">GAPS", ">DELIVERED", ">COALESCED", ">DROPPED", "EVENTS")
	for _, s := range d.Subscriptions {
		t.add(peerName(s.DebugPeer), connName(s.Connection), strconv.FormatUint(s.ID, 10), human.Count(int64(s.Queued)), human.Size(int64(s.QueuedBytes)),
			human.Count(int64(s.Lag)), human.Count(int64(s.Gaps)), human.Count(int64(s.Delivered)), human.Count(int64(s.Coalesced)), human.Count(int64(s.Dropped)),
			wanted(s)+only(s.Replaying, " (replaying)"))
	}
	t.print(a.term)
	if d.GoroutineDump != "" {
		a.section("Goroutines", d.Runtime.Goroutines, d.Runtime.Goroutines)
		for line := range strings.Lines(d.GoroutineDump) {
			a.term.printf("%s\n", strings.ReplaceAll(human.Clean(strings.TrimSuffix(line, "\n")), `\t`, "  "))
		}
	}
	if d.Truncated {
		a.term.note("There is more than is shown; --limit shows more.")
	}
}

func (a *app) printRuntime(d api.Debug) {
	r := d.Runtime
	var l list
	l.add("goroutines", human.Count(int64(r.Goroutines))+", on "+human.Plural(int64(r.CPUs), "processor", "processors")+", "+r.Go)
	l.add("memory", fmt.Sprintf("%s mapped, %s heap (goal %s), %s stacks", human.Size(int64(r.Memory)), human.Size(int64(r.Heap)), human.Size(int64(r.HeapGoal)), human.Size(int64(r.Stacks))))
	l.add("collections", fmt.Sprintf("%s, %.1f ms paused in all", human.Count(r.GCs), r.GCPauseMS))
	l.add("long requests", human.Size(d.RequestMemory.Used)+" of "+human.Size(d.RequestMemory.Limit)+" set aside")
	for _, ring := range d.Rings {
		l.add("events", fmt.Sprintf("%s, %s of %s kept; %s log lines, %s of %s kept", human.Count(int64(ring.Seq)),
			human.Count(int64(ring.Events)), human.Count(int64(ring.EventCapacity)),
			human.Count(int64(ring.LogSeq)), human.Count(int64(ring.LogLines)), human.Count(int64(ring.LogCapacity)))+
			only(len(d.Rings) > 1, " (instance "+ring.Instance+")"))
	}
	if d.Totals.Refusing > 0 {
		l.add("refusing", human.Plural(int64(d.Totals.Refusing), "connection", "connections"))
	}
	l.print(a.term)
}

// section prints a heading over what is listed.
func (a *app) section(name string, listed, all int) {
	count := human.Count(int64(all))
	if listed < all {
		count = human.Count(int64(listed)) + " of " + count
	}
	a.term.printf("\n%s\n", paint(a.term.color, bold, name+": "+count))
}

func connName(id uint64) string { return "#" + strconv.FormatUint(id, 10) }

// peerName names the process at the other end of a connection.
func peerName(p api.DebugPeer) string {
	switch {
	case p.PID == 0:
		return ""
	case p.Program == "":
		return "pid " + strconv.Itoa(p.PID)
	}
	return p.Program + "[" + strconv.Itoa(p.PID) + "]"
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func timeLeft(ms int64) string {
	switch {
	case ms == 0:
		return ""
	case ms < 0:
		return "over by " + human.Duration(milliseconds(-ms))
	}
	return human.Duration(milliseconds(ms))
}

// wanted describes in a line which events a subscription is for.
func wanted(s api.DebugSubscription) string {
	var types []string
	for _, t := range s.EventTypes {
		types = append(types, string(t))
	}
	text := cmp.Or(strings.Join(types, ","), "all but LogMessage")
	if filter, err := protocol.JSON.Marshal(s.Filter); err == nil && s.Filter != (protocol.Filter{}) {
		text += " " + string(filter)
	}
	return text
}
