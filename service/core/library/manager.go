package library

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/text/cases"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// Options say where an instance's libraries are, and who is told of what
// happens to them.
type Options struct {
	DataDir   string
	Events    Publisher
	Log       zerolog.Logger
	Migrating func(msg string) // may be nil
}

// A Manager holds an instance's libraries. Its methods may be called by any
// number of goroutines; none of them waits for a disk while it holds mu.
type Manager struct {
	Options
	attached []Attached

	// change is held while libraries are created, renamed, deleted, opened
	// or closed, so that these follow one another.
	change sync.Mutex

	mu        sync.Mutex // guards the fields below; never held during I/O
	libraries map[protocol.ID]*Library
}

// NewManager returns a manager without libraries. It does no I/O.
func NewManager(o Options) *Manager {
	return &Manager{Options: o, libraries: make(map[protocol.ID]*Library)}
}

// Attach makes a run beside every library that is opened from now on. What is
// attached first is opened first and closed last.
func (m *Manager) Attach(a Attached) { m.attached = append(m.attached, a) }

// Open reads the catalogue and opens its libraries. One that does not open is
// kept as failed, and the others go on; the error is of the catalogue alone.
func (m *Manager) Open(ctx context.Context) error {
	m.change.Lock()
	defer m.change.Unlock()
	c, err := readCatalogue(m.DataDir)
	if err != nil {
		return err
	}
	for _, r := range c.Libraries {
		if err := ctx.Err(); err != nil {
			m.closeAll(context.WithoutCancel(ctx))
			return err
		}
		lib := m.open(ctx, r, false)
		m.put(lib)
		if lib.DB != nil {
			lib.publish(ctx, protocol.LibraryOpened)
		}
	}
	return nil
}

// Close closes all libraries. Work on them ends, or is given up when ctx ends.
func (m *Manager) Close(ctx context.Context) {
	m.change.Lock()
	defer m.change.Unlock()
	m.closeAll(ctx)
}

func (m *Manager) closeAll(ctx context.Context) {
	for _, lib := range m.All() {
		m.remove(lib)
		if lib.DB != nil {
			m.shut(ctx, lib)
			lib.publish(ctx, protocol.LibraryClosed)
		}
	}
}

// open opens a library that is in the catalogue, or is about to be. The error
// is kept in what it returns.
func (m *Manager) open(ctx context.Context, r record, create bool) *Library {
	lib := &Library{ID: r.ID, Path: string(r.Path), events: m.Events}
	lib.setName(r.Name)
	if lib.failure = m.openDB(ctx, lib, create); lib.failure != nil {
		lib.failedAt = time.Now()
		m.Log.Error().Err(lib.failure).Stringer("library_id", lib.ID).Str("path", lib.Path).Msg("cannot open a library")
	}
	return lib
}

// retryAfter is how long the reason of a failure to open is repeated before
// opening is tried again.
const retryAfter = time.Second

// reopen tries again to open a library that failed: its disk may be back, or
// its database mended. It returns the library as it is then.
func (m *Manager) reopen(ctx context.Context, lib *Library) *Library {
	m.change.Lock()
	defer m.change.Unlock()
	m.mu.Lock()
	now := m.libraries[lib.ID]
	m.mu.Unlock()
	if now != lib || time.Since(lib.failedAt) < retryAfter {
		return cmp.Or(now, lib)
	}
	fresh := m.open(ctx, record{lib.ID, lib.Name(), api.Path(lib.Path)}, false)
	m.put(fresh)
	if fresh.DB != nil {
		fresh.publish(ctx, protocol.LibraryOpened)
	}
	return fresh
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

func (m *Manager) openDB(ctx context.Context, lib *Library, create bool) (err error) {
	defer func() {
		if wire := protocol.AsError(err); errors.Is(err, fs.ErrPermission) && wire.Hint == "" {
			err = wire.WithHint("the daemon runs as %s: that user must be able to write in %s", DaemonUser(), lib.Path)
		}
	}()
	if create {
		if err := os.MkdirAll(lib.Path, 0o700); err != nil {
			return err
		}
	} else if _, err := os.Stat(filepath.Join(lib.Path, FilePrefix)); err != nil {
		return protocol.Errorf(protocol.AsError(err).Code, "the library's database is not there: %w", err).
			With("path", protocol.Path(lib.Path)).
			WithHint("connect the disk it is on, and it opens at the next call; to forget it: spacedrive library delete %s", lib.ID)
	}
	lock, err := lockfile.Acquire(filepath.Join(lib.Path, FilePrefix+".lock"))
	if err != nil {
		if held := new(lockfile.HeldError); errors.As(err, &held) {
			return protocol.Errorf(protocol.Conflict, "the library is open elsewhere: %w", err).With("path", protocol.Path(lib.Path))
		}
		return err
	}
	db, err := store.Open(ctx, filepath.Join(lib.Path, FilePrefix), store.Options{Schema: Schema, Create: create, Migrating: m.Migrating})
	if err != nil {
		lock.Release()
		return err
	}
	undo := func() {
		db.Close()
		lock.Release()
	}
	if err := readIdentity(ctx, db, lib, create); err != nil {
		undo()
		return err
	}
	index, err := entries.Open(ctx, db, lib.ID, m.Log)
	if err != nil {
		undo()
		return err
	}
	lib.DB, lib.Index, lib.lock = db, index, lock
	for i, a := range m.attached {
		if err := a.Opened(ctx, lib); err != nil {
			for _, earlier := range m.attached[:i] {
				earlier.Closing(context.WithoutCancel(ctx), lib)
			}
			index.Close(context.WithoutCancel(ctx))
			lib.DB, lib.Index, lib.lock = nil, nil, nil
			undo()
			return err
		}
	}
	return nil
}

// readIdentity compares a library's id with the one in its database. A new
// library's is written; one that is opened at a path takes the id it finds
// there, where it has none yet.
func readIdentity(ctx context.Context, db *store.DB, lib *Library, create bool) error {
	found := false
	name := ""
	var id protocol.ID
	err := db.Read(ctx, func(conn *sqlite.Conn) error {
		return store.Each(conn, "SELECT id, name, created_at FROM library", func(s *sqlite.Stmt) error {
			found, id, name, lib.CreatedAt = true, store.ID(s, 0), s.ColumnText(1), store.Time(s, 2)
			return nil
		})
	})
	switch {
	case err != nil:
		return err
	case !found && !create:
		return protocol.Errorf(protocol.OperationFailed, "the database in %s holds no library", lib.Path).With("path", protocol.Path(lib.Path))
	case !found:
		return writeIdentity(ctx, db, lib)
	case lib.ID == protocol.ID{}:
		lib.ID = id
	case lib.ID != id:
		return protocol.Errorf(protocol.OperationFailed, "the database in %s is that of another library, %q (%s)", lib.Path, name, id).
			With("path", protocol.Path(lib.Path))
	}
	return nil
}

// shut ends what runs beside a library and closes its database; for a failed
// one there is nothing to do.
func (m *Manager) shut(ctx context.Context, lib *Library) {
	if lib.DB == nil {
		return
	}
	for i := len(m.attached) - 1; i >= 0; i-- {
		m.attached[i].Closing(ctx, lib)
	}
	lib.Index.Close(ctx)
	if err := lib.DB.Close(); err != nil {
		m.Log.Error().Err(err).Stringer("library_id", lib.ID).Msg("closing a library's database failed")
	}
	lib.lock.Release()
}

func (m *Manager) put(lib *Library) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.libraries[lib.ID] = lib
}

func (m *Manager) remove(lib *Library) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.libraries, lib.ID)
}

// All returns the libraries, by name.
func (m *Manager) All() []*Library {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sortedLocked()
}

// Folders returns the folders of all libraries. It does no I/O.
func (m *Manager) Folders() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, lib := range m.libraries {
		all = append(all, lib.Path)
	}
	return all
}

// Status tells how the libraries are, without touching a disk.
func (m *Manager) Status() []api.LibraryStatus {
	libraries := m.All()
	all := make([]api.LibraryStatus, len(libraries))
	for i, lib := range libraries {
		w := lib.Wire()
		all[i] = api.LibraryStatus{ID: w.ID, Name: w.Name, State: w.State, Error: w.Error}
	}
	return all
}

func (m *Manager) sortedLocked() []*Library {
	all := make([]*Library, 0, len(m.libraries))
	for _, lib := range m.libraries {
		all = append(all, lib)
	}
	slices.SortFunc(all, func(a, b *Library) int {
		return cmp.Or(strings.Compare(foldName(a.Name()), foldName(b.Name())), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return all
}

// foldName returns name without regard to case, for comparing.
func foldName(name string) string { return cases.Fold().String(name) }

// save writes the catalogue of all.
func (m *Manager) save() error {
	c := catalogue{Libraries: []record{}}
	for _, lib := range m.All() {
		c.Libraries = append(c.Libraries, record{lib.ID, lib.Name(), api.Path(lib.Path)})
	}
	return c.write(m.DataDir)
}
