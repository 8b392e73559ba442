package service

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	samples "runtime/metrics"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/instance"
	"github.com/spacedrive-go/spacedrive/service/listen"
	"github.com/spacedrive-go/spacedrive/service/metrics"
)

// bindDebug binds core.debug and core.metrics for an instance. They answer
// whatever state the instance is in; core.debug from memory alone.
func (d *Daemon) bindDebug(i *instance.Instance) {
	registry.Bind(i.Registry(), api.CoreDebug, func(_ context.Context, in api.DebugInput) (api.Debug, error) {
		return d.debug(in), nil
	}, registry.Always)
	registry.Bind(i.Registry(), api.CoreMetrics, func(ctx context.Context, _ api.Empty) (api.Metrics, error) {
		text, err := metrics.Text(ctx, metrics.Source{
			Version: d.opts.Version, Server: d.server, Instances: d.instances.All(), LogsLost: d.logs.Lost(),
		})
		return api.Metrics{Text: text}, err
	}, registry.Always)
}

func (d *Daemon) debug(in api.DebugInput) api.Debug {
	out := d.server.Inspect(in.Limit)
	namePrograms(&out)
	out.Rings = []api.DebugRing{}
	for _, i := range d.instances.All() {
		st := i.Bus().Stats()
		out.Rings = append(out.Rings, api.DebugRing{
			Instance: i.Name(),
			Seq:      st.Seq, Events: st.Events, EventCapacity: st.EventCap,
			LogSeq: st.LogSeq, LogLines: st.LogLines, LogCapacity: st.LogCap,
		})
	}
	out.Runtime = runtimeState()
	if in.Goroutines {
		var whole bool
		out.GoroutineDump, whole = goroutines()
		out.Truncated = out.Truncated || !whole
	}
	return out
}

// namePrograms looks up the programs of all listed peers.
func namePrograms(d *api.Debug) {
	programs := make(map[int]string)
	name := func(p *api.DebugPeer) {
		found, known := programs[p.PID]
		if !known {
			found = listen.Program(p.PID)
			programs[p.PID] = found
		}
		p.Program = found
	}
	for i := range d.Connections {
		name(&d.Connections[i].DebugPeer)
	}
	for i := range d.Calls {
		name(&d.Calls[i].DebugPeer)
	}
	for i := range d.Subscriptions {
		name(&d.Subscriptions[i].DebugPeer)
	}
}

// WriteDebug writes the answer of core.debug, goroutines included, to the file
// logs/debug.json in the data folder, for when no connection is possible.
func (d *Daemon) WriteDebug() {
	path := filepath.Join(d.instances.DataDir, "logs", "debug.json")
	text, err := protocol.JSON.Marshal(d.debug(api.DebugInput{Limit: api.MaxLimit, Goroutines: true}))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o600)
	}
	if err != nil {
		d.log.Error().Err(err).Msg("cannot write down what the daemon is doing")
		return
	}
	d.log.Info().Str("path", path).Msg("what the daemon is doing is written down")
}

func runtimeState() api.DebugRuntime {
	sizes := []samples.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/goal:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
	}
	samples.Read(sizes)
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	return api.DebugRuntime{
		Go: runtime.Version(), CPUs: runtime.GOMAXPROCS(0), Goroutines: runtime.NumGoroutine(),
		Memory: sizes[0].Value.Uint64(), Heap: sizes[1].Value.Uint64(),
		HeapGoal: sizes[2].Value.Uint64(), Stacks: sizes[3].Value.Uint64(),
		GCs: gc.NumGC, GCPauseMS: float64(gc.PauseTotal) / float64(time.Millisecond),
	}
}

// dumpBytes bounds the list of goroutines: an answer must fit a message.
const dumpBytes = 4 << 20

// goroutines lists the stacks of the goroutines, equal ones together, and reports
// whether the list is complete.
func goroutines() (dump string, whole bool) {
	w := &clipped{left: dumpBytes}
	_ = pprof.Lookup("goroutine").WriteTo(w, 1) // w never fails
	return w.String(), w.left > 0
}

// A clipped is a text of a limited length.
type clipped struct {
	strings.Builder
	left int
}

func (c *clipped) Write(b []byte) (int, error) {
	n := min(len(b), c.left)
	c.left -= n
	c.Builder.Write(b[:n])
	return len(b), nil
}
