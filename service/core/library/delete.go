package library

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/lockfile"
)

// delete removes a library from the catalogue, and then its data if withData is
// set: a crash between the two leaves data that can be opened again. Once the
// catalogue has changed, the end of ctx no longer stops it.
func (m *Manager) delete(ctx context.Context, lib *Library, withData bool) (out api.LibraryDeleteOutput, err error) {
	out = api.LibraryDeleteOutput{ID: lib.ID, Name: lib.Name(), Path: api.Path(lib.Path)}
	release, err := m.claim(ctx, folderKey(lib.Path), idKey(lib.ID))
	if err != nil {
		return out, err
	}
	defer release()
	m.mu.Lock()
	lib, err = m.findLocked(lib.ID) // another call may have been faster
	m.mu.Unlock()
	if err != nil {
		return out, err
	}
	var lock *lockfile.Lock
	if withData {
		if lock, err = lockData(ctx, lib); err != nil {
			return out, err
		}
	}
	err = m.record(ctx, func(all []record) []record {
		return slices.DeleteFunc(all, func(r record) bool { return r.ID == lib.ID })
	})
	if err != nil {
		lock.Release()
		return out, err
	}
	m.remove(lib)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	var removed error
	remove := func() {
		defer lock.Release()
		if withData {
			removed = removeData(lib.Path)
		}
	}
	if lib.DB == nil {
		remove()
		err = removed
	} else {
		if err = m.shut(ctx, lib, remove); err == nil {
			err = removed
		}
		lib.publish(ctx, api.LibraryClosed)
	}
	lib.publish(ctx, api.LibraryDeleted)
	if err != nil && withData {
		return out, protocol.Errorf(protocol.OperationFailed, "the library is no longer listed, but its data could not be removed: %w", err).
			With("path", out.Path)
	}
	out.DataDeleted = withData
	return out, nil
}

// lockData checks that the data in a library's folder belong to the library and
// that nobody else uses them, and locks the folder. The lock that it returns is
// nil if the library holds one already, or has no data.
func lockData(ctx context.Context, lib *Library) (lock *lockfile.Lock, err error) {
	unsure := func(err error) error {
		wire := protocol.AsError(err)
		if wire.Hint == "" {
			wire.WithHint("nothing was changed; to forget the library and keep what is in %s: spacedrive library delete %s", lib.Path, lib.ID)
		}
		return wire
	}
	own, err := ownFiles(lib.Path)
	if err != nil {
		return nil, unsure(err)
	}
	if len(own) == 0 {
		return nil, nil
	}
	if !lib.lock.At(filepath.Join(lib.Path, FilePrefix+".lock")) {
		if lock, err = acquire(lib.Path); err != nil {
			return nil, unsure(err)
		}
	}
	if slices.Equal(own, []string{FilePrefix + ".lock"}) {
		return lock, nil
	}
	found, err := identityIn(ctx, lib.Path)
	switch {
	case err != nil:
		err = protocol.Errorf(protocol.OperationFailed, "cannot tell whether the data in %s are those of the library %q: %w", lib.Path, lib.Name(), err)
	case found.id != lib.ID:
		err = otherLibrary(protocol.Conflict, lib.Path, found)
	default:
		return lock, nil
	}
	lock.Release()
	return nil, unsure(err)
}

// removeData removes a library's own files, and its folder where nothing else
// is in it.
func removeData(folder string) error {
	own, err := ownFiles(folder)
	if err != nil {
		return err
	}
	for _, name := range own {
		if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	os.Remove(folder) // fails where other files are in it, as it should
	return nil
}

// ownFiles returns the names of the library's own files in a folder, none
// where there is no folder.
func ownFiles(folder string) (own []string, err error) {
	files, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		if isOwnFile(f.Name()) && f.Type().IsRegular() {
			own = append(own, f.Name())
		}
	}
	return own, err
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
