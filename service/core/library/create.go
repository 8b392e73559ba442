package library

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A creation records what libraries.create has made on the disk, so that a
// failure removes that and nothing else. Its methods do nothing on nil.
type creation struct {
	path     string   // the library's folder
	folders  []string // that it made, the deepest first
	database bool     // whether there was none

	created bool   // the library is new; else it was found
	oldName string // of the library that was found
	release func() // the claim of its id; may be nil
}

// lock locks the library's folder. A creation makes the folder if there is none.
func (c *creation) lock(path string) (*lockfile.Lock, error) {
	if c == nil {
		return acquire(path)
	}
	for tries := 1; ; tries++ {
		if err := c.makeFolders(); err != nil {
			c.removeFolders()
			return nil, err
		}
		lock, err := acquire(path)
		if err == nil {
			return lock, nil
		}
		c.removeFolders()
		if !errors.Is(err, fs.ErrNotExist) || tries == 10 {
			return nil, err
		}
		// Another process's creation at the path failed and removed the folder.
	}
}

func (c *creation) makeFolders() error {
	c.folders = nil
	return c.makeFolder(c.path)
}

// makeFolder makes a folder and those above it that are missing. Whatever stops
// it, c.folders has the folders that it made.
func (c *creation) makeFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err = c.makeFolder(filepath.Dir(dir)); err == nil {
			err = os.Mkdir(dir, 0o700)
		}
	}
	switch {
	case err == nil:
		c.folders = slices.Insert(c.folders, 0, dir)
	case errors.Is(err, fs.ErrExist): // made by another process just now; if it is no folder, locking it fails
		err = nil
	}
	return err
}

func (c *creation) removeFolders() {
	for _, dir := range c.folders {
		if os.Remove(dir) != nil {
			return // others use it
		}
	}
}

// look finds out whether there is a database. The caller holds the lock, so that
// the answer stays true.
func (c *creation) look() error {
	if c == nil {
		return nil
	}
	_, err := os.Stat(filepath.Join(c.path, FilePrefix))
	c.database = errors.Is(err, fs.ErrNotExist)
	if c.database {
		return nil
	}
	return err
}

// undo removes what the creation made. The library is closed, and its lock
// still held.
func (c *creation) undo() {
	if c == nil || !c.database {
		return
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
		os.Remove(filepath.Join(c.path, FilePrefix+suffix))
	}
	c.removeFolders()
}

// create makes a library, or opens the library at the path, which keeps its id
// and gets the name of the call.
func (m *Manager) create(ctx context.Context, in api.LibraryCreateInput) (out api.Library, err error) {
	r := record{Name: in.Name}
	if in.Path == "" {
		r.ID = protocol.NewID()
		r.Path = api.Path(filepath.Join(m.DataDir, "libraries", r.ID.String()))
	} else if r.Path, err = resolve(in.Path); err != nil {
		return out, err
	}
	release, err := m.claim(ctx, nameKey(in.Name), folderKey(string(r.Path)))
	if err != nil {
		return out, err
	}
	defer release()
	if err := m.checkName(in.Name, protocol.ID{}); err != nil {
		return out, err
	}
	if err := m.checkFolder(string(r.Path)); err != nil {
		return out, err
	}
	lib, c := m.newLibrary(r), &creation{path: string(r.Path)}
	err = m.openDB(ctx, lib, c, nil)
	if c.release != nil {
		defer c.release()
	}
	if err != nil {
		return out, err
	}
	if err := m.enlist(ctx, lib, c); err != nil {
		// Stop what was started, however little time the call has left.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
		defer cancel()
		_ = m.shut(ctx, lib, c.undo) // which logs its failure
		return out, err
	}
	if c.created {
		lib.publish(ctx, api.LibraryCreated)
	}
	lib.publish(ctx, api.LibraryOpened)
	return lib.Wire(), nil
}

// resolve returns a path without symlinks, as far as it exists.
func resolve(given api.Path) (api.Path, error) {
	path, err := filepath.EvalSymlinks(filepath.Clean(string(given)))
	if os.IsNotExist(err) {
		return api.Path(filepath.Clean(string(given))), nil
	}
	return api.Path(path), err
}

func (m *Manager) checkFolder(path string) error {
	for _, lib := range m.All() {
		if lib.Path == path {
			return protocol.Errorf(protocol.AlreadyExists, "the library %q is at %s already", lib.Name(), path).
				With("field", "path").With("library_id", lib.ID)
		}
	}
	return nil
}

// enlist puts an open library into the catalogue, and lets calls reach it.
func (m *Manager) enlist(ctx context.Context, lib *Library, c *creation) error {
	if c.created {
		// The catalogue is synced: after a power cut it must not name a library
		// of which the disk has nothing.
		if err := store.Settle(ctx, filepath.Join(lib.Path, FilePrefix)); err != nil {
			return err
		}
	} else if err := writeName(ctx, lib.DB, lib.Name()); err != nil {
		return err
	}
	err := m.record(ctx, func(all []record) []record {
		return append(all, record{lib.ID, lib.Name(), api.Path(lib.Path)})
	})
	if err != nil {
		if !c.created {
			m.restoreName(ctx, lib, c.oldName)
		}
		return err
	}
	m.put(lib)
	return nil
}
