package library

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"
	"golang.org/x/text/cases"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// Options say where an instance's libraries are, and who gets their events.
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

	recording chan struct{} // holds a token while the catalogue is written
	records   []record      // of the catalogue on the disk; guarded by recording
	closed    atomic.Bool   // the catalogue must not be written any more

	mu        sync.Mutex // guards the fields below; never held during I/O
	libraries map[protocol.ID]*Library
	claims    map[string]chan struct{} // closed on release
	closing   bool
	opening   context.Context // ends when Close is called
	endOpen   context.CancelFunc
}

// NewManager returns a manager without libraries. It does no I/O.
func NewManager(o Options) *Manager {
	m := &Manager{
		Options: o, recording: make(chan struct{}, 1),
		libraries: make(map[protocol.ID]*Library), claims: make(map[string]chan struct{}),
	}
	m.opening, m.endOpen = context.WithCancel(context.Background())
	return m
}

// Attach adds a to what runs beside every library opened from now on. The first
// attached is opened first and closed last.
func (m *Manager) Attach(a Attached) { m.attached = append(m.attached, a) }

// Open reads the catalogue and opens its libraries. A library that does not
// open is kept as failed; the error is of the catalogue alone. Open does not
// wait for a disk that does not answer: the library there is opened when it
// does.
func (m *Manager) Open(ctx context.Context) error {
	c, err := readCatalogue(m.DataDir)
	if err != nil {
		return err
	}
	select {
	case m.recording <- struct{}{}: // unless the Close before gave up on a change
	case <-ctx.Done():
		return ctx.Err()
	}
	m.closed.Store(false)
	m.records = c.Libraries
	<-m.recording
	m.mu.Lock()
	m.closing = false
	m.opening, m.endOpen = context.WithCancel(context.Background())
	attempts := make([]*attempt, len(c.Libraries))
	for i, r := range c.Libraries {
		lib := m.newLibrary(r)
		lib.failure = protocol.Errorf(protocol.CoreUnavailable, "the library is still being opened").
			WithHint("its disk is slow, or does not answer")
		m.libraries[lib.ID] = lib
		attempts[i] = m.tryLocked(ctx, lib)
	}
	m.mu.Unlock()
	for _, a := range attempts {
		if err := a.wait(ctx); err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
			defer cancel()
			m.Close(ctx)
			return err
		}
	}
	return nil
}

// Close closes all libraries. It waits until their work has stopped or ctx has
// ended. The log then names the libraries that only the end of the process
// closes.
func (m *Manager) Close(ctx context.Context) {
	m.mu.Lock()
	m.closing = true
	m.endOpen()
	m.mu.Unlock()
	var err error
	for all := m.All(); err == nil && len(all) > 0; all = m.All() {
		var closing sync.WaitGroup
		for _, lib := range all {
			closing.Go(func() { m.close(ctx, lib.ID) })
		}
		closing.Wait()
		err = m.unclaimed(ctx) // a change in progress may add a library yet, and writes the catalogue
	}
	m.closed.Store(true)
	if err != nil {
		m.Log.Warn().Err(err).Msg("a change of the libraries did not end in time; the end of the process ends it")
	}
}

func (m *Manager) close(ctx context.Context, id protocol.ID) {
	key := idKey(id)
	err := m.claimOne(ctx, key, true)
	if err == nil {
		defer m.release([]string{key})
	}
	m.mu.Lock()
	lib := m.libraries[id]
	delete(m.libraries, id)
	m.mu.Unlock()
	switch {
	case lib == nil: // a change that was in progress deleted it
	case err != nil:
		m.Log.Warn().Err(err).Stringer("library_id", id).Str("path", lib.Path).
			Msg("a change of the library did not end in time; the end of the process closes it")
	case lib.DB != nil:
		if m.shut(ctx, lib, nil) == nil {
			lib.publish(ctx, api.LibraryClosed)
		}
	}
}

func (m *Manager) newLibrary(r record) *Library {
	lib := &Library{ID: r.ID, Path: string(r.Path), events: m.Events}
	lib.setName(r.Name)
	return lib
}

// get returns the library as it is now, or nil.
func (m *Manager) get(id protocol.ID) *Library {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.libraries[id]
}

// put makes calls reach lib, which its caller has claimed.
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

// Status returns the state of each library. It does no I/O.
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
