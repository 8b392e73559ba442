package location

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/cursor"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
)

func (s *Service) add(ctx context.Context, lib *library.Library, in api.LocationAddInput) (out api.LocationAddOutput, err error) {
	jobs, err := s.Jobs.In(lib)
	if err != nil {
		return out, err
	}
	l := &Location{ID: protocol.NewID(), Mode: in.Mode, AddedAt: time.Now().UTC()}
	l.Path, err = library.Within(ctx, func() (string, error) { return s.checkFolder(string(in.Path)) })
	if err != nil {
		return out, err
	}
	if l.Name, err = checkName(in.Name, l.Path); err != nil {
		return out, err
	}
	err = lib.Index.Write(ctx, entries.Origin{}, func(tx *entries.Tx) (err error) {
		if err := checkOverlap(tx.Conn, l.Path); err != nil {
			return err
		}
		if l.Root, err = entries.AddRoot(tx, l.Path); err != nil {
			return err
		}
		err = tx.Exec("INSERT INTO location (uuid, path, name, mode, root, added_at) VALUES (?, ?, ?, ?, ?, ?)",
			l.ID, protocol.Path(l.Path), l.Name, string(l.Mode), l.Root, l.AddedAt)
		if err != nil {
			return err
		}
		tx.AfterCommit(func() {
			s.roots.add(lib, l)
			l.Publish(ctx, lib, api.LocationAdded, api.Online, "")
		})
		out.JobID, err = s.queue(ctx, jobs, tx.Tx, l, api.IndexInput{LocationID: l.ID})
		return err
	})
	if err != nil {
		return out, err
	}
	out.Location = s.wire(lib, l, entries.Totals{})
	return out, nil
}

// checkFolder returns the path, symlinks resolved, of a folder that can become
// a location.
func (s *Service) checkFolder(given string) (string, error) {
	path, err := Resolve("cannot add", "path", given)
	if err != nil {
		return "", err
	}
	fail := func(format string, args ...any) error {
		return protocol.Invalid("path", format, args...).With("path", protocol.Path(path))
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fail("%s is not a folder", path)
	}
	if name := disk.PseudoAt(path); name != "" {
		return "", fail("%s is on a pseudo file system (%s): what is in it are no files", path, name)
	}
	if data := s.DataDir(); protocol.Path(data).Contains(protocol.Path(path)) {
		return "", fail("%s is in spacedrive's own data folder", path)
	}
	d, err := os.Open(path)
	if err == nil {
		defer d.Close()
		if _, err = d.Readdirnames(1); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		return "", unreadable("cannot read", path, err)
	}
	return path, nil
}

// Resolve returns a path that is given in a field of a call, symlinks resolved.
// The error of one that is not there begins with what cannot be done.
func Resolve(what, field, given string) (string, error) {
	path, err := filepath.EvalSymlinks(filepath.Clean(given))
	switch {
	case err == nil:
		return path, nil
	case strings.Contains(err.Error(), "too many links") || errors.Is(err, syscall.ELOOP):
		return "", protocol.Invalid(field, "%s is a loop of symlinks", given).With("path", protocol.Path(given))
	case errors.Is(err, syscall.ENOTDIR): // something on the way is a file
		err = fs.ErrNotExist
	}
	return "", unreadable(what, given, err).With("field", field)
}

// unreadable says why a folder cannot be read, and by whom: who asks for it and
// the machine's daemon are not the same user.
func unreadable(what, path string, err error) *protocol.Error {
	e := protocol.Errorf(protocol.AsError(err).Code, "%s %s: %w", what, path, cause(err)).
		With("field", "path").With("path", protocol.Path(path))
	if errors.Is(err, fs.ErrPermission) {
		e.WithHint("the daemon runs as %s: let that user read the folder, and pass those above it", library.DaemonUser())
	}
	return e
}

// cause returns the system's error without the call and path around it.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

const maxName = 255 // characters

func checkName(name, path string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return defaultName(path), nil
	}
	if n := utf8.RuneCountInString(name); n > maxName {
		return "", protocol.Invalid("name", "the name has %d characters; at most %d are allowed", n, maxName)
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return "", protocol.Invalid("name", "the name holds a control character")
	}
	return name, nil
}

// checkOverlap refuses a path inside or around a location of the library.
func checkOverlap(conn *sqlite.Conn, path string) error {
	all, err := All(conn)
	if err != nil {
		return err
	}
	for _, l := range all {
		how := ""
		switch {
		case l.Path == path:
			how = "is the location"
		case protocol.Path(l.Path).Contains(protocol.Path(path)):
			how = "is inside the location"
		case protocol.Path(path).Contains(protocol.Path(l.Path)):
			how = "is around the location"
		default:
			continue
		}
		return protocol.Errorf(protocol.Conflict, "%s %s %q at %s", path, how, l.Name, l.Path).
			With("location_id", l.ID).With("path", protocol.Path(l.Path)).With("name", l.Name).
			WithHint("%s", overlapHint(how, l))
	}
	return nil
}

func overlapHint(how string, l *Location) string {
	if how == "is around the location" {
		return fmt.Sprintf("remove that one first: spacedrive location remove %s", l.ID)
	}
	return fmt.Sprintf("it is indexed already; to look for changes: spacedrive location rescan %s", l.ID)
}

func (s *Service) list(ctx context.Context, lib *library.Library, in api.LocationListInput) (out api.Locations, err error) {
	const name = "locations"
	after, _, err := cursor.Decode[protocol.Path](name, in.Cursor)
	if err != nil {
		return out, err
	}
	var all []*Location
	totals := make(map[int64]entries.Totals)
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		if all, err = All(conn); err != nil {
			return err
		}
		for _, l := range all {
			if totals[l.Root], err = entries.Total(conn, l.Root); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Locations = []api.Location{}
	for _, l := range all {
		if l.Path <= string(after) {
			continue
		}
		if len(out.Locations) == in.Limit {
			out.NextCursor = cursor.Encode(name, out.Locations[in.Limit-1].Path)
			break
		}
		out.Locations = append(out.Locations, s.wire(lib, l, totals[l.Root]))
	}
	return out, nil
}
