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

// Options configure a Manager.
type Options struct {
	BootID    protocol.ID
	DataDir   string // of the default instance; others have folders in it
	Log       zerolog.Logger
	Register  func(*Instance)                 // binds operations that are not the core's
	Publish   func(*Instance)                 // called when an instance's bus exists
	Broken    func() error                    // returns an error if no instance must be opened
	Migrating func(instance, progress string) // called while a migration delays opening
}

// A Manager creates and closes instances.
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
// accepts. The first call creates it, without opening it.
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

// Resume opens the instances that have data, so that interrupted jobs continue, and
// blocks until each is open or has failed.
func (m *Manager) Resume(ctx context.Context) {
	var wg sync.WaitGroup
	for _, i := range m.All() {
		if core.InUse(i.dataDir) {
			wg.Go(func() { _ = i.Ready(ctx) }) // open logs a failure, and clients get it
		}
	}
	wg.Wait()
}

// Status returns the states of all instances.
func (m *Manager) Status() []api.InstanceStatus {
	instances := m.All()
	all := make([]api.InstanceStatus, len(instances))
	for n, i := range instances {
		all[n] = i.Status()
	}
	return all
}

// Busy reports whether an instance has work for which the daemon must not exit.
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
