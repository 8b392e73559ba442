package index

import (
	"context"
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entry"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/location"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A root is the open folder of a location. Everything is opened relative to
// it, so a disk that is mounted over it meanwhile, or a symlink put in its
// path, does not lead elsewhere.
type root struct {
	location *location.Location
	fd       int
	row      int64 // of its entry
}

func (r *root) close() { unix.Close(r.fd) }

// gone reports whether the folder itself has been removed.
func (r *root) gone() bool {
	var st unix.Stat_t
	return unix.Fstat(r.fd, &st) != nil || st.Nlink == 0
}

// openRoot opens a location's folder and makes sure that it is what was
// scanned before: where it cannot be read, or is empty and on another device
// than before, a disk is probably not mounted. The location is then offline,
// and nothing is deleted from the index.
func (s *Service) openRoot(ctx context.Context, r *job.Run, id protocol.ID) (*root, error) {
	lib := r.Library()
	var loc *location.Location
	entries := int64(0)
	err := lib.DB.Read(ctx, func(conn *sqlite.Conn) (err error) {
		if loc, err = location.Find(conn, id); err != nil {
			return err
		}
		entries, err = store.Int(conn, "SELECT count(*) FROM (SELECT 1 FROM location_kind WHERE location = ? AND files > 0)", loc.Row)
		return err
	})
	if err != nil {
		return nil, err
	}
	fd, err := openFolder(unix.AT_FDCWD, loc.Path)
	if err != nil {
		return nil, offline(ctx, r, loc, protocol.AsError(err).Code, reasonFor(err))
	}
	root := &root{location: loc, fd: fd}
	var st unix.Stat_t
	names, err := readNames(fd)
	if err == nil {
		err = unix.Fstat(fd, &st)
	}
	if err != nil {
		root.close()
		return nil, offline(ctx, r, loc, protocol.AsError(err).Code, reasonFor(err))
	}
	if len(names) == 0 && entries > 0 && loc.Scanned && loc.Device != int64(st.Dev) {
		root.close()
		return nil, offline(ctx, r, loc, protocol.OperationFailed, "its folder is empty and on another disk than before, as if its disk were not mounted")
	}
	if err := s.saveRoot(ctx, r, root, int64(st.Dev)); err != nil {
		root.close()
		return nil, err
	}
	return root, nil
}

// errRootGone is the end of a scan whose folder was removed under it.
var errRootGone = errors.New("its folder was removed while it was scanned")

// offline notes why a location cannot be reached, and returns the job's error.
func offline(ctx context.Context, r *job.Run, loc *location.Location, code protocol.Code, reason string) error {
	loc.Offline = reason
	err := r.Library().DB.Write(ctx, func(tx *store.Tx) error {
		return tx.Exec("UPDATE location SET offline = ? WHERE id = ?", reason, loc.Row)
	})
	if err != nil {
		return err
	}
	loc.Publish(ctx, r.Library(), api.LocationUpdated, api.Offline, r.TraceID())
	return protocol.Errorf(code, "the location %s is offline: %s", loc.Path, reason).
		With("path", protocol.Path(loc.Path)).With("location_id", loc.ID).
		WithHint("nothing was removed from the index; once the folder is back: spacedrive location rescan %s", loc.ID)
}

// saveRoot makes the root's entry where there is none, and notes that the
// location is online.
func (s *Service) saveRoot(ctx context.Context, r *job.Run, root *root, device int64) error {
	loc := root.location
	return r.Library().DB.Write(ctx, func(tx *store.Tx) (err error) {
		if _, err = location.Find(tx.Conn, loc.ID); err != nil { // removed meanwhile
			return err
		}
		if root.row, err = store.Int(tx.Conn, "SELECT id FROM entry WHERE parent = 0 AND name = ?", protocol.Path(loc.Path)); err != nil {
			return err
		}
		if root.row == 0 {
			err = tx.Exec("INSERT INTO entry (parent, location, name, kind, flags, size, mtime, btime) VALUES (0, ?, ?, ?, 0, 0, 0, 0)",
				loc.Row, protocol.Path(loc.Path), int64(entry.Folder))
			if err != nil {
				return err
			}
			root.row = tx.Conn.LastInsertRowID()
		}
		if loc.Offline == "" && loc.Scanned && loc.Device == device {
			return nil
		}
		loc.Offline, loc.Device, loc.Scanned = "", device, true
		return tx.Exec("UPDATE location SET offline = '', device = ? WHERE id = ?", device, loc.Row)
	})
}

// reasonFor says in words why a folder cannot be read.
func reasonFor(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "its folder is not there"
	case errors.Is(err, fs.ErrPermission):
		return "its folder may not be read: permission denied"
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP):
		return "its path is no longer that of a folder"
	}
	return "its folder cannot be read: " + err.Error()
}
