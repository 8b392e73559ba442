// Package core is what the daemon is for: libraries, the locations that they
// index, the jobs that do it, and the search for what was found. Each domain is
// a package below this one. The daemon calls New, then Register once, and Open
// before the first call.
package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/core/location"
	"github.com/spacedrive-go/spacedrive/service/core/oneoff"
	"github.com/spacedrive-go/spacedrive/service/core/scan"
	"github.com/spacedrive-go/spacedrive/service/core/search"
	"github.com/spacedrive-go/spacedrive/service/event"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// Options say where an instance's data are, and who gets its events.
type Options struct {
	DataDir string
	Bus     *event.Bus
	Log     zerolog.Logger
	// Migrating, if set, is called with each step of the migration of an older
	// library, which may take long.
	Migrating func(msg string)
}

// A Core is what one instance does. The handlers that Register binds work
// between Open and Close; the other methods at any time.
type Core struct {
	dataDir   string
	libraries *library.Manager
	jobs      *job.Service
	locations *location.Service
	scans     *oneoff.Service

	resolved atomic.Pointer[string] // dataDir without symlinks, once open

	migrating func(string)
	log       zerolog.Logger

	mu   sync.Mutex     // held while opening and closing
	lock *lockfile.Lock // nil while closed
	db   *store.DB      // the instance's own; nil while closed
}

// New returns a core that is closed. It does no I/O.
func New(o Options) *Core { return newCore(o, o.Bus) }

func newCore(o Options, events library.Publisher) *Core {
	log := func(target string) zerolog.Logger { return o.Log.With().Str("target", target).Logger() }
	c := &Core{
		dataDir: o.DataDir, migrating: o.Migrating, log: log("core"),
		jobs: job.NewService(job.Options{Log: log("job"), Events: events}),
		libraries: library.NewManager(library.Options{
			DataDir: o.DataDir, Events: events, Log: log("library"), Migrating: o.Migrating,
		}),
	}
	c.locations = &location.Service{Jobs: c.jobs, DataDir: c.ownFolder, Log: log("location")}
	files := &scan.Service{DataDir: c.ownFolder, LibraryFolders: c.libraries.Folders}
	files.Handle(c.jobs)
	c.scans = &oneoff.Service{Jobs: c.jobs, Locations: c.locations, DataDir: c.ownFolder, LibraryFolders: c.libraries.Folders}
	c.scans.Handle()
	c.libraries.Attach(c.jobs)
	c.libraries.Attach(c.locations)
	return c
}

// ownFolder returns the data folder's path without symlinks.
func (c *Core) ownFolder() string {
	if path := c.resolved.Load(); path != nil {
		return *path
	}
	return c.dataDir
}

// Register binds all operations but those on the daemon itself.
func (c *Core) Register(r *registry.Registry) {
	c.libraries.Register(r)
	c.locations.Register(r, c.libraries)
	c.jobs.Register(r, c.libraries)
	c.scans.Register(r, c.libraries)
	search.Register(r, c.libraries)
}

// Open makes the data folder if there is none, takes its lock, and opens the
// libraries, whose unfinished jobs continue. A library that does not open is
// listed as failed and is no error. If another process uses the data folder, the
// error has the code CoreUnavailable.
func (c *Core) Open(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lock != nil {
		return errors.New("the core is open already")
	}
	if err := os.MkdirAll(c.dataDir, 0o700); err != nil {
		return dataFolderError(c.dataDir, err)
	}
	resolved, err := filepath.EvalSymlinks(c.dataDir)
	if err != nil {
		return dataFolderError(c.dataDir, err)
	}
	if resolved, err = filepath.Abs(resolved); err != nil {
		return dataFolderError(c.dataDir, err)
	}
	c.resolved.Store(&resolved)
	lock, err := lockfile.Acquire(filepath.Join(c.dataDir, "lock"))
	if held := new(lockfile.HeldError); errors.As(err, &held) {
		return protocol.Errorf(protocol.CoreUnavailable, "the data folder %s is in use by process %d", c.dataDir, held.PID).
			With("path", protocol.Path(c.dataDir)).With("pid", held.PID).
			WithHint("stop that daemon, or choose another data folder with --data-dir")
	}
	if err != nil {
		return dataFolderError(c.dataDir, err)
	}
	if c.db, err = openDatabase(ctx, c.dataDir, c.migrating); err != nil {
		lock.Release()
		return err
	}
	c.lock = lock
	if err := c.openAll(ctx); err != nil {
		c.closeAll(context.WithoutCancel(ctx))
		return err
	}
	return nil
}

func (c *Core) openAll(ctx context.Context) error {
	if err := c.jobs.Open(ctx, c.db); err != nil {
		return err
	}
	return c.libraries.Open(ctx)
}

func (c *Core) closeAll(ctx context.Context) {
	c.jobs.Stop()
	c.libraries.Close(ctx)
	c.jobs.Close(ctx)
	done := make(chan struct{})
	go func(db *store.DB, lock *lockfile.Lock) { // which waits for the disk, however long it takes
		defer close(done)
		defer lock.Release()
		if err := db.Close(); err != nil {
			c.log.Error().Err(err).Msg("cannot close the instance's database")
		}
	}(c.db, c.lock)
	c.db, c.lock = nil, nil
	select {
	case <-done:
	case <-ctx.Done():
		c.log.Warn().Msg("the instance's database did not close in time; the end of the process closes it")
	}
}

func dataFolderError(dir string, err error) error {
	return protocol.Errorf(protocol.AsError(err).Code, "cannot use the data folder %s: %w", dir, err).
		With("path", protocol.Path(dir)).WithHint("check that it belongs to you and can be written, or choose another with --data-dir")
}

// Close stops the jobs at a checkpoint, from which they continue after the next
// Open, and closes the libraries. When ctx ends, Close returns without waiting
// for what has not stopped: such jobs too continue from their last checkpoint.
func (c *Core) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lock == nil {
		return nil
	}
	c.closeAll(ctx)
	return nil
}

// Libraries returns the state of each library. It never waits for a disk.
func (c *Core) Libraries() []api.LibraryStatus { return c.libraries.Status() }

// Statistics counts what the open libraries hold, but for duplicates. A library
// that does not answer before ctx ends is left out.
func (c *Core) Statistics(ctx context.Context) map[protocol.ID]api.Statistics {
	all := make(map[protocol.ID]api.Statistics)
	for _, lib := range c.libraries.All() {
		if lib.DB == nil {
			continue
		}
		if st, err := location.Statistics(ctx, lib); err == nil {
			all[lib.ID] = st
		}
	}
	return all
}

// JobCounts counts the unfinished jobs. It never waits for a disk.
func (c *Core) JobCounts() api.JobCounts { return c.jobs.Counts() }

// Busy reports whether a job is running or waits to.
func (c *Core) Busy() bool {
	n := c.JobCounts()
	return n.Running+n.Queued > 0
}

// Check takes the locks that every call takes, and returns an error if ctx ends
// before it has had them all. It never waits for a disk: a slow disk is no reason
// for the watchdog to end the daemon.
func (c *Core) Check(ctx context.Context) error {
	through := make(chan struct{})
	go func() {
		c.Libraries()
		c.JobCounts()
		close(through)
	}()
	select {
	case <-through:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the locks of libraries and jobs are stuck: %w", ctx.Err())
	}
}
