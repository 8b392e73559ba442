package library

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const (
	// retryAfter is how long the reason of a failure to open is repeated
	// before opening is tried again.
	retryAfter = time.Second
	// answerTime is how long the start waits for a library's disk.
	answerTime = 5 * time.Second
	// closeTime is how long a library's work may take to stop, where the
	// call that closes it must not be given up.
	closeTime = 5 * time.Second
)

// An attempt opens a library, however long its disk takes.
type attempt struct {
	began     time.Time
	done      chan struct{}
	migrating atomic.Bool
}

// wait returns once the attempt has ended, or its disk has not answered for
// answerTime. The error is ctx's.
func (a *attempt) wait(ctx context.Context) error {
	silent := time.NewTimer(time.Until(a.began.Add(answerTime)))
	defer silent.Stop()
	for {
		select {
		case <-a.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-silent.C:
			if !a.migrating.Load() {
				return nil
			}
			silent.Reset(answerTime)
		}
	}
}

// tryLocked opens a library on a goroutine of its own, unless one does so already.
// The goroutine outlives the call, because other calls wait for it too; Close
// ends it early.
func (m *Manager) tryLocked(ctx context.Context, lib *Library) *attempt {
	if lib.attempt != nil {
		return lib.attempt
	}
	a := &attempt{began: time.Now(), done: make(chan struct{})}
	lib.attempt = a
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(m.opening, cancel)
	go func() {
		defer close(a.done)
		defer cancel()
		defer stop()
		release, err := m.claim(ctx, idKey(lib.ID))
		if err != nil {
			return
		}
		defer release()
		if m.get(lib.ID) != lib {
			return // it was deleted
		}
		fresh := m.newLibrary(record{lib.ID, lib.Name(), api.Path(lib.Path)})
		if fresh.failure = m.openDB(ctx, fresh, nil, a); fresh.failure != nil {
			fresh.failedAt = time.Now()
			m.Log.Error().Err(fresh.failure).Stringer("library_id", lib.ID).Str("path", lib.Path).Msg("cannot open a library")
		}
		m.put(fresh)
		if fresh.DB != nil {
			fresh.publish(ctx, api.LibraryOpened)
		}
	}()
	return a
}

// reopen tries again to open a library that failed: its disk may be back, or
// its database repaired. It returns the library as it is then. The error is
// ctx's.
func (m *Manager) reopen(ctx context.Context, lib *Library) (*Library, error) {
	m.mu.Lock()
	now := m.libraries[lib.ID]
	if now != lib || m.closing || lib.attempt == nil && time.Since(lib.failedAt) < retryAfter {
		m.mu.Unlock()
		return cmp.Or(now, lib), nil
	}
	a := m.tryLocked(ctx, lib)
	m.mu.Unlock()
	select {
	case <-a.done:
		return cmp.Or(m.get(lib.ID), lib), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// DaemonUser returns the name of the user that the daemon runs as, for messages:
// of the machine's daemon it is not the one who asks.
func DaemonUser() string {
	id := strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "uid " + id
}

// openDB opens a library that its caller has claimed, and what is attached to it.
// With a creation, the library is new, or was found at its path and has no id
// yet; openDB removes what it made if it fails.
func (m *Manager) openDB(ctx context.Context, lib *Library, c *creation, a *attempt) (err error) {
	defer func() {
		if v := recover(); v != nil {
			m.Log.Error().Str("panic", fmt.Sprint(v)).Bytes("stack", debug.Stack()).Msg("opening a library panicked")
			err = protocol.Errorf(protocol.Internal, "a bug in the daemon: %v", v).
				WithHint("the daemon's log has the details: spacedrive logs --target library")
		}
		if wire := protocol.AsError(err); errors.Is(err, fs.ErrPermission) && wire.Hint == "" {
			err = wire.WithHint("the daemon runs as %s: that user must be able to write in %s", DaemonUser(), lib.Path)
		}
	}()
	path := filepath.Join(lib.Path, FilePrefix)
	if c == nil {
		if _, err := os.Stat(path); err != nil {
			return protocol.Errorf(protocol.AsError(err).Code, "the library's database is not there: %w", err).
				With("path", protocol.Path(lib.Path)).
				WithHint("connect the disk it is on, and it opens at the next call; to forget it: spacedrive library delete %s", lib.ID)
		}
	}
	lock, err := c.lock(lib.Path)
	if err != nil {
		return err
	}
	undo := []func(){lock.Release, c.undo}
	opened := false
	defer func() {
		if opened {
			return
		}
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
		lib.DB, lib.Index, lib.lock = nil, nil, nil
	}()
	if err := c.look(); err != nil {
		return err
	}
	// Opening migrates a database: before that, make sure that it is the one.
	if found, err := identityIn(ctx, lib.Path); err == nil {
		if err := m.checkIdentity(lib, c, found); err != nil {
			return err
		}
	}
	migrating := func(msg string) {
		if a != nil {
			a.migrating.Store(true)
		}
		if m.Migrating != nil {
			m.Migrating(msg)
		}
	}
	db, err := store.Open(ctx, path, store.Options{Schema: Schema, Create: c != nil, Migrating: migrating})
	if err != nil {
		return err
	}
	undo = append(undo, func() { db.Close() })
	if err := m.identify(ctx, db, lib, c); err != nil {
		return err
	}
	index, err := entries.Open(ctx, db, lib.ID, m.Log)
	if err != nil {
		return err
	}
	undo = append(undo, func() { index.Close(context.WithoutCancel(ctx)) })
	lib.DB, lib.Index, lib.lock = db, index, lock
	for i, a := range m.attached {
		if err := a.Opened(ctx, lib); err != nil {
			m.detach(context.WithoutCancel(ctx), lib, i)
			return err
		}
	}
	opened = true
	return nil
}

// detach closes the first n attachments of a library.
func (m *Manager) detach(ctx context.Context, lib *Library, n int) {
	for n--; n >= 0; n-- {
		m.attached[n].Closing(ctx, lib)
	}
}

// identify compares a library's id with the one in its database. With a
// creation, the library takes the id that it finds; a database without one,
// which is new or what a killed process left of a new one, is given one.
func (m *Manager) identify(ctx context.Context, db *store.DB, lib *Library, c *creation) error {
	var found identity
	err := db.Read(ctx, func(conn *sqlite.Conn) (err error) {
		found, err = readIdentity(conn)
		return err
	})
	if err == nil {
		err = m.checkIdentity(lib, c, found)
	}
	if err != nil {
		return err
	}
	lib.CreatedAt = found.createdAt
	switch none := found.id == (protocol.ID{}); {
	case none && c == nil:
		return protocol.Errorf(protocol.OperationFailed, "the database in %s holds no library", lib.Path).With("path", protocol.Path(lib.Path))
	case none:
		c.created = true
		if lib.ID == (protocol.ID{}) {
			lib.ID = protocol.NewID()
		}
		lib.CreatedAt = time.Now().UTC()
		return writeIdentity(ctx, db, lib)
	case c == nil && found.name != lib.Name(): // a rename that failed half-way left it
		_ = writeName(ctx, db, lib.Name())
	}
	return nil
}

// checkIdentity refuses the database of another library. For a creation that
// is one which is known; the id of any other becomes lib's, and is claimed.
func (m *Manager) checkIdentity(lib *Library, c *creation, found identity) error {
	switch {
	case found.id == (protocol.ID{}) || found.id == lib.ID:
		return nil
	case c == nil:
		return otherLibrary(protocol.OperationFailed, lib.Path, found)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fail := func(format string, args ...any) *protocol.Error {
		return protocol.Errorf(protocol.AlreadyExists, "%s is a copy of the library %q, which "+format, append([]any{lib.Path}, args...)...).
			With("library_id", found.id)
	}
	if other := m.libraries[found.id]; other != nil {
		return fail("is at %s", other.Name(), other.Path).With("path", api.Path(other.Path))
	}
	// Ids are claimed last, and here without waiting: who holds the claim may
	// be waiting for the name or folder that this call has claimed.
	key := idKey(found.id)
	if m.claims[key] != nil {
		return fail("another call is opening or deleting", found.name)
	}
	m.claims[key] = make(chan struct{})
	c.release = func() { m.release([]string{key}) }
	lib.ID, c.oldName = found.id, found.name
	return nil
}

func otherLibrary(code protocol.Code, path string, found identity) *protocol.Error {
	return protocol.Errorf(code, "the database in %s is that of another library, %q (%s)", path, found.name, found.id).
		With("path", protocol.Path(path))
}

// shut closes a library's attachments and its database, calls finish, which may
// be nil, and releases the lock. If ctx ends first, shut returns ctx's error and
// the rest continues; the lock is held until it is done.
func (m *Manager) shut(ctx context.Context, lib *Library, finish func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer lib.lock.Release()
		m.detach(ctx, lib, len(m.attached))
		lib.Index.Close(ctx)
		if err := lib.DB.Close(); err != nil {
			m.Log.Error().Err(err).Stringer("library_id", lib.ID).Msg("closing a library's database failed")
		}
		if finish != nil {
			finish()
		}
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		m.Log.Warn().Stringer("library_id", lib.ID).Str("path", lib.Path).
			Msg("the library did not close in time; what still uses it ends with the process")
		return ctx.Err()
	}
}

// acquire locks a library's folder.
func acquire(folder string) (*lockfile.Lock, error) {
	lock, err := lockfile.Acquire(filepath.Join(folder, FilePrefix+".lock"))
	if held := new(lockfile.HeldError); errors.As(err, &held) {
		return nil, protocol.Errorf(protocol.Conflict, "the library is open elsewhere: %w", err).With("path", protocol.Path(folder))
	}
	return lock, err
}
