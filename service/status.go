package service

import (
	"context"
	"os"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/instance"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// bindStatus binds core.status for an instance. It answers from memory alone,
// so it answers whatever state the instance is in.
func (d *Daemon) bindStatus(i *instance.Instance) {
	registry.Bind(i.Registry(), api.CoreStatus, func(context.Context, api.Empty) (api.Status, error) {
		return d.status(i), nil
	}, registry.Inline, registry.Always)
}

func (d *Daemon) status(i *instance.Instance) api.Status {
	st := api.Status{
		Version: d.opts.Version, PID: os.Getpid(), BootID: d.bootID,
		StartedAt: d.started, UptimeMS: time.Since(d.started).Milliseconds(),
		Instance: i.Status(), Instances: d.instances.Status(),
		Activation: d.activation(), Listeners: make([]api.Listener, 0, len(d.listeners)),
		Libraries: i.Core().Libraries(), Jobs: i.Core().JobCounts(),
		AdmitGroup: d.admission.Group(), Connections: d.server.Connections(), Memory: d.memory.read(), Network: "off",
	}
	for _, ln := range d.listeners {
		st.Listeners = append(st.Listeners, api.Listener{Instance: ln.Instance, Path: ln.Path(), Origin: ln.Origin})
	}
	for _, other := range d.instances.All() {
		st.Subscriptions.Count += other.Bus().Subscriptions()
		st.Subscriptions.Gaps += other.Bus().Gaps()
	}
	return st
}

func (d *Daemon) hello(si server.Instance) protocol.HelloReply {
	l := d.server.Limits()
	return protocol.HelloReply{
		Protocol: protocol.Version,
		Daemon: protocol.HelloDaemon{
			Name: "spacedrived", Version: d.opts.Version, PID: os.Getpid(), BootID: d.bootID, StartedAt: d.started,
		},
		Instance: protocol.HelloInstance{Name: si.Name(), DataDir: protocol.Path(d.instances.Get(si.Name()).DataDir())},
		Limits: map[string]int64{
			"frame": protocol.MaxFrame, "nesting": protocol.MaxNesting,
			"connections": int64(l.Connections), "subscriptions": int64(l.Subscriptions), "calls": int64(l.Calls),
			"request_memory":        l.RequestMemory,
			"half_frame_timeout_ms": l.HalfFrameTimeout.Milliseconds(),
			"unread_timeout_ms":     l.UnreadTimeout.Milliseconds(),
		},
		Features: []string{"payload_cbor", "log_seq", "coalesced", "after_log"},
	}
}

// A memoryGauge reads the process's memory use at most once a second, because that
// takes longer than the rest of an answer.
type memoryGauge struct {
	mu   sync.Mutex
	at   time.Time
	last api.Memory
}

func (g *memoryGauge) read() api.Memory {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := time.Now(); now.Sub(g.at) >= time.Second {
		heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(heap)
		g.at = now
		g.last = api.Memory{Resident: residentBytes(), Heap: heap[0].Value.Uint64()}
	}
	return g.last
}
