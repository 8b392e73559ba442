package service

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/instance"
	"github.com/spacedrive-go/spacedrive/service/listen"
)

// bindDebug binds core.debug for an instance. It answers whatever state the
// instance is in, from memory alone.
func (d *Daemon) bindDebug(i *instance.Instance) {
	registry.Bind(i.Registry(), api.CoreDebug, func(_ context.Context, in api.DebugInput) (api.Debug, error) {
		return d.debug(in), nil
	}, registry.Always)
}

func (d *Daemon) debug(in api.DebugInput) api.Debug {
	out := d.server.Inspect(in.Limit)
	programs := make(map[int]string)
	for i := range out.Connections {
		c := &out.Connections[i]
		name, known := programs[c.PID]
		if !known {
			name = listen.Program(c.PID)
			programs[c.PID] = name
		}
		c.Program = name
	}
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

func runtimeState() api.DebugRuntime {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/goal:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
	}
	metrics.Read(samples)
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	st := api.DebugRuntime{
		Go: runtime.Version(), CPUs: runtime.GOMAXPROCS(0), Goroutines: runtime.NumGoroutine(),
		Memory: samples[0].Value.Uint64(), Heap: samples[1].Value.Uint64(),
		HeapGoal: samples[2].Value.Uint64(), Stacks: samples[3].Value.Uint64(),
		GCs: gc.NumGC, GCPauseMS: float64(gc.PauseTotal) / float64(time.Millisecond),
	}
	if gc.NumGC > 0 {
		st.LastGC = gc.LastGC.UTC()
	}
	return st
}

// dumpBytes bounds the list of goroutines: an answer must fit a message.
const dumpBytes = 4 << 20

// goroutines lists what the goroutines do, those of the same stack together,
// and reports whether that is all.
func goroutines() (dump string, whole bool) {
	w := &clipped{left: dumpBytes}
	_ = pprof.Lookup("goroutine").WriteTo(w, 1) // w never fails
	return w.String(), w.left > 0
}

// A clipped is a text that takes no more than a number of bytes.
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
