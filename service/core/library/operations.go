package library

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// Register binds the operations on libraries, but libraries.info, whose
// statistics are of another domain's tables.
func (m *Manager) Register(r *registry.Registry) {
	registry.Bind(r, api.LibrariesCreate, m.create)
	registry.Bind(r, api.LibrariesList, m.list, registry.Inline)
	registry.Bind(r, api.LibrariesCurrent, m.current, registry.Inline)
	bind(r, m, api.LibrariesSetCurrent, m.setCurrent)
	Bind(r, m, api.LibrariesRename, m.rename)
	bind(r, m, api.LibrariesDelete, m.delete)
}

func (m *Manager) list(context.Context, api.Empty) (api.Libraries, error) {
	var out api.Libraries
	for _, lib := range m.All() {
		out.Libraries = append(out.Libraries, lib.Wire())
	}
	return out, nil
}

// create makes a library, or opens the one that is at the path. The name of
// the call is then the library's new name; its id stays.
func (m *Manager) create(ctx context.Context, in api.LibraryCreateInput) (api.Library, error) {
	m.change.Lock()
	defer m.change.Unlock()
	if err := m.nameIsFree(in.Name, protocol.ID{}); err != nil {
		return api.Library{}, err
	}
	r := record{Name: in.Name}
	exists := false
	if in.Path != "" {
		path, err := filepath.EvalSymlinks(filepath.Clean(string(in.Path)))
		if err != nil && !os.IsNotExist(err) {
			return api.Library{}, err
		}
		if err != nil {
			path = filepath.Clean(string(in.Path))
		}
		if err := m.pathIsFree(path); err != nil {
			return api.Library{}, err
		}
		r.Path = api.Path(path)
		_, err = os.Stat(filepath.Join(path, FilePrefix))
		exists = err == nil
	}
	if !exists {
		r.ID = protocol.NewID()
		if r.Path == "" {
			r.Path = api.Path(filepath.Join(m.DataDir, "libraries", r.ID.String()))
		}
	}
	_, statErr := os.Lstat(string(r.Path))
	lib := m.open(ctx, r, !exists)
	undo := func() {
		m.shut(context.WithoutCancel(ctx), lib)
		if !exists {
			_ = removeFiles(lib.Path)
			if os.IsNotExist(statErr) {
				os.Remove(lib.Path)
			}
		}
	}
	if lib.failure != nil {
		undo()
		return api.Library{}, lib.failure
	}
	if exists {
		if err := m.adopt(ctx, lib, in.Name); err != nil {
			undo()
			return api.Library{}, err
		}
	}
	if !exists {
		// The list of libraries is synced: after a power cut it must not name a
		// library that the disk has nothing of.
		if err := store.Settle(filepath.Join(lib.Path, FilePrefix)); err != nil {
			undo()
			return api.Library{}, err
		}
	}
	m.put(lib)
	if err := m.save(); err != nil {
		m.remove(lib)
		undo()
		return api.Library{}, err
	}
	if !exists {
		lib.publish(ctx, protocol.LibraryCreated)
	}
	lib.publish(ctx, protocol.LibraryOpened)
	return lib.Wire(), nil
}

// adopt gives a library that was found at a path the name it was asked for
// by, unless it is open already under another path.
func (m *Manager) adopt(ctx context.Context, lib *Library, name string) error {
	m.mu.Lock()
	other := m.libraries[lib.ID]
	m.mu.Unlock()
	if other != nil {
		return protocol.Errorf(protocol.AlreadyExists, "%s is a copy of the library %q, which is at %s", lib.Path, other.Name(), other.Path).
			With("library_id", lib.ID).With("path", api.Path(other.Path))
	}
	return writeName(ctx, lib, name)
}

func (m *Manager) nameIsFree(name string, except protocol.ID) error {
	for _, lib := range m.All() {
		if lib.ID != except && foldName(lib.Name()) == foldName(name) {
			return protocol.Errorf(protocol.AlreadyExists, "there is a library named %q already", lib.Name()).
				With("field", "name").With("library_id", lib.ID).WithHint("choose another name")
		}
	}
	return nil
}

func (m *Manager) pathIsFree(path string) error {
	for _, lib := range m.All() {
		if lib.Path == path {
			return protocol.Errorf(protocol.AlreadyExists, "the library %q is at %s already", lib.Name(), path).
				With("field", "path").With("library_id", lib.ID)
		}
	}
	return nil
}

func (m *Manager) rename(ctx context.Context, lib *Library, in api.LibraryRenameInput) (api.Library, error) {
	m.change.Lock()
	defer m.change.Unlock()
	if err := m.nameIsFree(in.NewName, lib.ID); err != nil {
		return api.Library{}, err
	}
	old := lib.Name()
	if err := writeName(ctx, lib, in.NewName); err != nil {
		return api.Library{}, err
	}
	if err := m.save(); err != nil {
		return api.Library{}, errors.Join(err, writeName(context.WithoutCancel(ctx), lib, old))
	}
	lib.publish(ctx, protocol.LibraryRenamed)
	return lib.Wire(), nil
}

func writeName(ctx context.Context, lib *Library, name string) error {
	err := lib.DB.Write(ctx, func(tx *store.Tx) error { return tx.Exec("UPDATE library SET name = ?", name) })
	if err == nil {
		lib.setName(name)
	}
	return err
}

func writeIdentity(ctx context.Context, db *store.DB, lib *Library) error {
	lib.CreatedAt = time.Now().UTC()
	return db.Write(ctx, func(tx *store.Tx) error {
		if err := entries.NewMask(tx); err != nil {
			return err
		}
		return tx.Exec("INSERT INTO library (one, id, name, created_at) VALUES (1, ?, ?, ?)", lib.ID, lib.Name(), lib.CreatedAt)
	})
}

// delete takes a library out of the catalogue first: a crash after that
// leaves data that can be opened again, never a catalogue that names nothing.
func (m *Manager) delete(ctx context.Context, lib *Library, in api.LibraryDeleteInput) (api.LibraryDeleted, error) {
	m.change.Lock()
	defer m.change.Unlock()
	out := api.LibraryDeleted{ID: lib.ID, Name: lib.Name(), Path: api.Path(lib.Path)}
	m.mu.Lock()
	_, err := m.findLocked(lib.ID) // another call may have been faster
	m.mu.Unlock()
	if err != nil {
		return out, err
	}
	m.remove(lib)
	if err := m.save(); err != nil {
		m.put(lib)
		return out, err
	}
	ctx = context.WithoutCancel(ctx) // it is deleted: go through with it
	if lib.DB != nil {
		m.shut(ctx, lib)
		lib.publish(ctx, protocol.LibraryClosed)
	}
	if in.DeleteData {
		if err := removeData(lib.Path); err != nil {
			lib.publish(ctx, protocol.LibraryDeleted)
			return out, protocol.Errorf(protocol.OperationFailed, "the library is no longer listed, but its data could not be removed: %w", err).
				With("path", out.Path)
		}
		out.DataDeleted = true
	}
	lib.publish(ctx, protocol.LibraryDeleted)
	return out, nil
}

// removeData removes a library's own files, and its folder where nothing else
// is in it.
func removeData(folder string) error {
	err := removeFiles(folder)
	if err == nil {
		os.Remove(folder) // fails where other files are in it, as it should
	}
	return err
}

func removeFiles(folder string) error {
	files, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		if isOwnFile(f.Name()) && f.Type().IsRegular() {
			if err := os.Remove(filepath.Join(folder, f.Name())); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	return nil
}

func isOwnFile(name string) bool {
	rest, ours := strings.CutPrefix(name, FilePrefix)
	if !ours {
		return false
	}
	switch rest {
	case "", "-wal", "-shm", "-journal", ".lock":
		return true
	}
	return strings.HasPrefix(rest, ".v") && (strings.HasSuffix(rest, ".bak") || strings.HasSuffix(rest, ".bak.tmp"))
}

func (m *Manager) current(ctx context.Context, _ api.Empty) (api.CurrentLibrary, error) {
	session := registry.FromContext(ctx).Session
	if session == nil || session.Library() == (protocol.ID{}) {
		return api.CurrentLibrary{}, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	lib := m.libraries[session.Library()]
	if lib == nil {
		return api.CurrentLibrary{}, nil
	}
	w := lib.Wire()
	return api.CurrentLibrary{Library: &w}, nil
}

func (m *Manager) setCurrent(ctx context.Context, lib *Library, _ api.Empty) (api.CurrentLibrary, error) {
	if session := registry.FromContext(ctx).Session; session != nil {
		session.SetLibrary(lib.ID)
	}
	w := lib.Wire()
	return api.CurrentLibrary{Library: &w}, nil
}
