// Command benchd is the daemon's server, with its limits, its check of who
// connects and its bus of events, over a registry of the operations of benchapi
// alone: what a request's and an event's way cost, whatever a handler does.
//
//	benchd [-cpuprofile FILE] SOCKET
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/contrib/bench/benchapi"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/event"
	"github.com/spacedrive-go/spacedrive/service/listen"
	"github.com/spacedrive-go/spacedrive/service/server"
)

func main() {
	profile := flag.String("cpuprofile", "", "write a CPU profile here, at the end")
	flag.Parse()
	if err := run(flag.Arg(0), *profile); err != nil {
		fmt.Fprintln(os.Stderr, "benchd:", err)
		os.Exit(1)
	}
}

func run(socket, profile string) error {
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := zerolog.New(os.Stderr).Level(zerolog.WarnLevel)
	cfg := config.Default()
	inst := newInstance()
	s := server.New(server.Options{
		Limits: cfg.Limits, Hello: hello, Peer: listen.Admission{}.Peer, Shutdown: stop, Log: log,
	})
	ln, err := listen.Bind(socket, inst.Name(), listen.Admission{})
	if err != nil {
		return err
	}
	defer ln.Close()
	go func() {
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		s.Shutdown(ending)
	}()
	s.Serve(ln.UnixListener, inst)
	return nil
}

// hello answers with as much as the daemon does.
func hello(i server.Instance) protocol.HelloReply {
	return protocol.HelloReply{
		Protocol: protocol.Version,
		Daemon:   protocol.HelloDaemon{Name: "benchd", PID: os.Getpid(), BootID: i.Bus().BootID(), StartedAt: time.Now()},
		Instance: protocol.HelloInstance{Name: i.Name(), DataDir: "/home/ada/.local/share/spacedrive"},
		Limits:   map[string]int64{"frame": protocol.MaxFrame, "nesting": protocol.MaxNesting, "calls": int64(config.Default().Limits.Calls)},
		Features: []string{},
	}
}

// An instance is one that is always open.
type instance struct {
	registry *registry.Registry
	bus      *event.Bus
	entries  []api.Hit
	names    []benchapi.Named
}

func newInstance() *instance {
	i := &instance{registry: registry.New(), bus: event.NewBus(protocol.NewID()), entries: benchapi.Entries(api.MaxLimit)}
	registry.Bind(i.registry, benchapi.Small, func(_ context.Context, in benchapi.SmallMessage) (benchapi.SmallMessage, error) {
		return in, nil
	}, registry.Inline)
	registry.Bind(i.registry, benchapi.Listing, func(_ context.Context, in benchapi.ListingInput) (api.SearchResult, error) {
		n := min(in.Entries, len(i.entries))
		return api.SearchResult{Hits: i.entries[:n], Total: int64(n)}, nil
	})
	i.names = benchapi.NamesOf(i.entries)
	registry.Bind(i.registry, benchapi.Names, func(_ context.Context, in benchapi.ListingInput) (benchapi.NamesOutput, error) {
		return benchapi.NamesOutput{Entries: i.names[:min(in.Entries, len(i.names))]}, nil
	})
	registry.Bind(i.registry, benchapi.Publish, i.publish)
	registry.Bind(i.registry, benchapi.Counters, i.counters)
	return i
}

func (i *instance) Name() string                 { return config.DefaultInstance }
func (i *instance) Registry() *registry.Registry { return i.registry }
func (i *instance) Bus() *event.Bus              { return i.bus }
func (i *instance) Ready(context.Context) error  { return nil }
func (i *instance) Opened() bool                 { return true }

func (i *instance) publish(_ context.Context, in benchapi.PublishInput) (benchapi.Published, error) {
	began := time.Now()
	for range in.Events {
		i.bus.Publish(benchapi.Event())
	}
	return benchapi.Published{TookNS: int64(time.Since(began))}, nil
}

func (i *instance) counters(context.Context, api.Empty) (benchapi.CountersOutput, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return benchapi.CountersOutput{Allocations: m.Mallocs, Gaps: i.bus.Gaps()}, nil
}
