// Package library keeps an instance's libraries: which there are, where they
// are, which of them a call means. New makes the Manager; other domains bind
// their library operations with Bind, and attach what they run beside an open
// library with Manager.Attach.
package library

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// The states of a library.
const (
	Open   = "open"
	Failed = "failed"
)

// FilePrefix begins the name of every file of a library's own in its folder:
// the database, what SQLite keeps beside it, the lock, and copies kept before
// migrations.
const FilePrefix = "library.db"

// WithoutOwnFiles returns the names in the folder at path but for a library's
// own. folders are those of libraries.
func WithoutOwnFiles(folders []string, path string, names []string) []string {
	if !slices.Contains(folders, path) {
		return names
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, FilePrefix) })
}

// A Library is one library of the catalogue. It is open, with a database, or
// failed, with the reason. Opening a failed library again makes a new Library.
type Library struct {
	ID   protocol.ID
	Path string // its folder

	// DB is nil where the library failed to open, and so is Index.
	DB        *store.DB
	Index     *entries.Index
	CreatedAt time.Time

	name     atomic.Pointer[string]
	failure  error // why DB is nil
	failedAt time.Time
	attempt  *attempt // at opening it again; guarded by Manager.mu
	lock     *lockfile.Lock
	events   Publisher
}

// A Publisher takes events; *event.Bus is one.
type Publisher interface{ Publish(protocol.Event) }

// Attached is something that runs beside each open library: the job engine is
// one.
type Attached interface {
	// Opened is called with a library before any call can reach it.
	Opened(context.Context, *Library) error
	// Closing is called before the library's database is closed, and ends
	// all that uses it before it returns or ctx ends.
	Closing(context.Context, *Library)
}

// Name returns the library's name.
func (l *Library) Name() string { return *l.name.Load() }

func (l *Library) setName(name string) { l.name.Store(&name) }

// Wire returns the library as operations show it.
func (l *Library) Wire() api.Library {
	w := api.Library{ID: l.ID, Name: l.Name(), Path: api.Path(l.Path), CreatedAt: l.CreatedAt, State: Open}
	if l.DB == nil {
		w.State, w.Error = Failed, protocol.AsError(l.failure).Error() // of valid UTF-8, whatever the path
	}
	return w
}

// Usable returns why no operation can work on the library, or nil.
func (l *Library) Usable() error {
	if l.DB != nil {
		return nil
	}
	cause := protocol.AsError(l.failure)
	err := protocol.Errorf(cause.Code, "the library %q could not be opened: %s", l.Name(), cause.Message).
		WithHint("%s", cause.Hint).With("library_id", l.ID)
	for key, value := range cause.Details {
		err.With(key, value)
	}
	return err
}

// Publish publishes an event of this library. The trace id is that of the
// call that ctx belongs to, unless ev has one.
func (l *Library) Publish(ctx context.Context, ev protocol.Event) {
	ev.LibraryID = l.ID
	if ev.TraceID == "" {
		ev.TraceID = registry.TraceID(ctx)
	}
	l.events.Publish(ev)
}

func (l *Library) publish(ctx context.Context, t protocol.EventOf[api.LibraryEvent]) {
	l.Publish(ctx, t.New(api.LibraryEvent{Name: l.Name(), Path: api.Path(l.Path)}))
}

// SizeOnDisk returns the bytes that the library's own files take.
func (l *Library) SizeOnDisk() (int64, error) {
	files, err := os.ReadDir(l.Path)
	if err != nil {
		return 0, err
	}
	var size int64
	for _, f := range files {
		if !isOwnFile(f.Name()) {
			continue
		}
		if info, err := f.Info(); err == nil { // else it has gone since
			size += info.Size()
		}
	}
	return size, nil
}
