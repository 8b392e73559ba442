// Package instance holds the daemon's named instances: each has a data folder,
// a registry, a stream of events and a core of its own, and fails alone.
package instance

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core"
	"github.com/spacedrive-go/spacedrive/service/event"
)

// A State is an instance's place in its life.
type State string

// The states.
const (
	Closed  State = "closed"
	Opening State = "opening"
	Open    State = "open"
	Failed  State = "failed"
	Closing State = "closing"
)

// retryAfter is how long calls get the last error of opening before the next
// attempt.
const retryAfter = time.Second

// An Instance is opened by the first call that needs it. Its registry and its events
// exist also while it is closed or has failed.
type Instance struct {
	name     string
	dataDir  string
	registry *registry.Registry
	bus      *event.Bus
	core     *core.Core
	log      zerolog.Logger
	broken   func() error // returns an error if it must not be opened

	mu       sync.Mutex
	state    State
	err      *protocol.Error // Failed: why
	failedAt time.Time
	changed  chan struct{} // closed when Opening has ended
	ended    bool          // it must not be opened again
}

// Name returns the instance's name.
func (i *Instance) Name() string { return i.name }

// DataDir returns the instance's data folder.
func (i *Instance) DataDir() string { return i.dataDir }

// Registry returns the instance's operations.
func (i *Instance) Registry() *registry.Registry { return i.registry }

// Bus returns the instance's stream of events.
func (i *Instance) Bus() *event.Bus { return i.bus }

// Core returns what the instance does.
func (i *Instance) Core() *core.Core { return i.core }

// Opened reports whether the instance is open.
func (i *Instance) Opened() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.state == Open
}

// Status returns the state of the instance.
func (i *Instance) Status() api.InstanceStatus {
	i.mu.Lock()
	defer i.mu.Unlock()
	st := api.InstanceStatus{Name: i.name, DataDir: protocol.Path(i.dataDir), State: string(i.state)}
	if i.state == Failed {
		st.Error = i.err.Message
	}
	return st
}

// Ready opens the instance if it is not open, and blocks until it is. If opening
// fails the error has code CoreUnavailable.
func (i *Instance) Ready(ctx context.Context) error {
	for {
		i.mu.Lock()
		switch {
		case i.state == Open:
			i.mu.Unlock()
			return nil
		case i.state == Closing || i.ended:
			i.mu.Unlock()
			return protocol.Errorf(protocol.CoreUnavailable, "instance %s is stopping", i.name).With("instance", i.name)
		case i.state == Failed && time.Since(i.failedAt) < retryAfter:
			err := i.err
			i.mu.Unlock()
			return err
		case i.state != Opening:
			i.state = Opening
			i.changed = make(chan struct{})
			// Opening continues when this call is cancelled: others wait too.
			go i.open(context.WithoutCancel(ctx))
		}
		changed := i.changed
		i.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (i *Instance) open(ctx context.Context) {
	began := time.Now()
	err := i.openCore(ctx)
	if err != nil {
		i.log.Error().Err(err).Str("data_dir", i.dataDir).Msg("the instance cannot be opened")
	} else {
		i.log.Info().Dur("took_ms", time.Since(began)).Str("data_dir", i.dataDir).Msg("instance open")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	close(i.changed)
	if err != nil {
		i.state, i.failedAt = Failed, time.Now()
		i.err = i.unavailable(err)
		return
	}
	i.state, i.err = Open, nil
}

// openCore opens the core unless i.broken forbids it. A panic fails this instance
// only.
func (i *Instance) openCore(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			i.log.Error().Str("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("opening the instance panicked")
			err = protocol.Errorf(protocol.Internal, "a bug in the daemon: %v", p).
				WithHint("the daemon's log has the details: spacedrive logs --target instance")
		}
	}()
	if err := i.broken(); err != nil {
		return err
	}
	return i.core.Open(ctx)
}

// unavailable returns the error for clients of an instance that failed to open.
func (i *Instance) unavailable(err error) *protocol.Error {
	wire := protocol.Errorf(protocol.CoreUnavailable, "instance %s cannot be opened: %w", i.name, err).
		With("instance", i.name).With("data_dir", protocol.Path(i.dataDir))
	var cause *protocol.Error
	if errors.As(err, &cause) {
		wire.Message = "instance " + i.name + " cannot be opened: " + cause.Message
		wire.Hint = cause.Hint
		for key, value := range cause.Details {
			wire.With(key, value)
		}
	}
	if wire.Hint == "" {
		wire.WithHint("spacedrive doctor names the cause")
	}
	return wire
}

// close closes the instance. It cannot be opened again.
func (i *Instance) close(ctx context.Context) error {
	i.mu.Lock()
	i.ended = true
	for i.state == Opening {
		changed := i.changed
		i.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		i.mu.Lock()
	}
	wasOpen := i.state == Open
	i.state = Closing
	i.mu.Unlock()
	var err error
	if wasOpen {
		err = i.core.Close(ctx)
	}
	i.mu.Lock()
	i.state = Closed
	i.mu.Unlock()
	return err
}
