package instance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core"
	"github.com/spacedrive-go/spacedrive/service/event"
)

// Options are what a Manager is made of.
type Options struct {
	BootID    protocol.ID
	DataDir   string // of the default instance; others have folders in it
	Log       zerolog.Logger
	Register  func(*Instance)                 // binds operations that are not the core's
	Publish   func(*Instance)                 // an instance's bus is there
	Broken    func() error                    // why no instance may be opened, nil if they may
	Migrating func(instance, progress string) // an instance takes long to open, and why
}

// A Manager makes instances and ends them.
type Manager struct {
	Options

	mu  sync.Mutex
	all map[string]*Instance
}

// NewManager returns a manager of no instances.
func NewManager(o Options) *Manager {
	return &Manager{Options: o, all: make(map[string]*Instance)}
}

// Get returns the instance of the given name, which config.CheckInstanceName
// accepts. It is made the first time, and not opened.
func (m *Manager) Get(name string) *Instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.all[name]; i != nil {
		return i
	}
	i := &Instance{
		name:     name,
		dataDir:  config.InstanceDir(m.DataDir, name),
		registry: registry.New(),
		bus:      event.NewBus(m.BootID),
		log:      m.Log.With().Str("instance", name).Str("target", "instance").Logger(),
		broken:   m.Broken,
		state:    Closed,
	}
	i.core = core.New(core.Options{
		DataDir: i.dataDir, Bus: i.bus,
		Log:       m.Log.With().Str("instance", name).Logger(),
		Migrating: func(progress string) { m.Migrating(name, progress) },
	})
	registry.BindMethods(i.registry)
	i.core.Register(i.registry)
	m.Register(i)
	m.Publish(i)
	m.all[name] = i
	return i
}

// All returns the instances, by name.
func (m *Manager) All() []*Instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]*Instance, 0, len(m.all))
	for _, i := range m.all {
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b *Instance) int { return strings.Compare(a.name, b.name) })
	return all
}

// Resume opens those instances that have data already, so that the jobs which
// were interrupted go on, and waits until each is open or has failed.
func (m *Manager) Resume(ctx context.Context) {
	var wg sync.WaitGroup
	for _, i := range m.All() {
		if core.InUse(i.dataDir) {
			wg.Go(func() { _ = i.Ready(ctx) }) // a failure is logged, and told to clients
		}
	}
	wg.Wait()
}

// Status tells how all instances are.
func (m *Manager) Status() []api.InstanceStatus {
	instances := m.All()
	all := make([]api.InstanceStatus, len(instances))
	for n, i := range instances {
		all[n] = i.Status()
	}
	return all
}

// Busy reports whether an instance has work that the daemon must not end
// under.
func (m *Manager) Busy() bool {
	for _, i := range m.All() {
		if s := i.Status().State; s == string(Opening) || s == string(Open) && i.core.Busy() {
			return true
		}
	}
	return false
}

// Close closes all instances. Their jobs stop at a checkpoint.
func (m *Manager) Close(ctx context.Context) error {
	all := m.All()
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for n, i := range all {
		wg.Go(func() {
			if err := i.close(ctx); err != nil {
				errs[n] = fmt.Errorf("instance %s: %w", i.name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
