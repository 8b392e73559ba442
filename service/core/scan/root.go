package scan

import (
	"context"
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/job"
	"github.com/spacedrive-go/spacedrive/service/core/location"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A root is the open folder of a location. Everything is opened relative to
// it, so a disk that is mounted over it meanwhile, or a symlink put in its
// path, does not lead elsewhere.
type root struct {
	location *location.Location
	entry    entries.Entry
	fd       int
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
	at := &root{fd: -1}
	var total entries.Totals
	err := lib.DB.Read(ctx, func(conn *sqlite.Conn) (err error) {
		if at.location, err = location.Find(conn, id); err != nil {
			return err
		}
		if at.entry, _, err = entries.Get(conn, at.location.Root); err != nil {
			return err
		}
		total, err = entries.Total(conn, at.entry.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	loc := at.location
	if at.fd, err = disk.OpenFolder(unix.AT_FDCWD, loc.Path); err != nil {
		return nil, offline(ctx, r, loc, protocol.AsError(err).Code, reasonFor(err))
	}
	fail := func(err error) (*root, error) {
		at.close()
		return nil, err
	}
	names, err := disk.ReadNames(at.fd, 1)
	var seen disk.Observation
	if err == nil {
		seen, err = disk.LookAt(at.fd, ".")
	}
	if err != nil {
		return fail(offline(ctx, r, loc, protocol.AsError(err).Code, reasonFor(err)))
	}
	now, err := newDevices(ctx, lib.Index).attributes(loc.Path, loc.Path, &seen)
	if err != nil {
		return fail(err)
	}
	if len(names) == 0 && total != (entries.Totals{}) && at.onAnotherDisk(&now, seen.Device) {
		return fail(offline(ctx, r, loc, protocol.OperationFailed, "its folder is empty and on another disk than before, as if its disk were not mounted"))
	}
	if err := at.save(ctx, r, now); err != nil {
		return fail(err)
	}
	return at, nil
}

// onAnotherDisk reports whether the root was on another disk when it was last
// scanned.
func (r *root) onAnotherDisk(now *entries.Attributes, device uint64) bool {
	if r.entry.Device == 0 { // last scanned by an older version, which noted the device's number
		return r.location.Device != int64(device)
	}
	return r.entry.Device != now.Device
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

// save notes what the root is, and that the location is online.
func (r *root) save(ctx context.Context, run *job.Run, now entries.Attributes) error {
	loc, lib := r.location, run.Library()
	was := r.entry.Attributes
	now.Flags = was.Flags
	r.entry.Attributes = now
	if loc.Offline == "" && was == now {
		return nil
	}
	loc.Offline = ""
	return lib.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := location.Find(tx.Conn, loc.ID); err != nil { // removed meanwhile
			return err
		}
		if err := entries.SetRoot(tx, &r.entry); err != nil {
			return err
		}
		return tx.Exec("UPDATE location SET offline = '' WHERE id = ?", loc.Row)
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
