package library

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// An identity is what a database says of its library. The id is zero where it
// holds none.
type identity struct {
	id        protocol.ID
	name      string // the catalogue's counts
	createdAt time.Time
}

func readIdentity(conn *sqlite.Conn) (found identity, err error) {
	err = store.Each(conn, "SELECT id, name, created_at FROM library", func(s *sqlite.Stmt) error {
		found = identity{store.ID(s, 0), s.ColumnText(1), store.Time(s, 2)}
		return nil
	})
	return found, err
}

// identityIn reads the identity of the database in a folder, of any version,
// and changes nothing. Its caller has locked the folder.
func identityIn(ctx context.Context, folder string) (found identity, err error) {
	path := filepath.Join(folder, FilePrefix)
	uri := url.URL{Scheme: "file", OmitHost: true, Path: path}
	if _, err := os.Lstat(path + "-wal"); errors.Is(err, fs.ErrNotExist) && !store.InUse(unix.AT_FDCWD, path) {
		uri.RawQuery = "immutable=1" // else SQLite makes files beside it
	}
	conn, err := sqlite.OpenConn(uri.String(), sqlite.OpenReadOnly, sqlite.OpenURI)
	if err != nil {
		return found, err
	}
	defer conn.Close()
	conn.SetInterrupt(ctx.Done()) // ends its waiting for other programs' locks
	return readIdentity(conn)
}

func writeIdentity(ctx context.Context, db *store.DB, lib *Library) error {
	return db.Write(ctx, func(tx *store.Tx) error {
		if err := entries.NewMask(tx); err != nil {
			return err
		}
		return tx.Exec("INSERT INTO library (one, id, name, created_at) VALUES (1, ?, ?, ?)", lib.ID, lib.Name(), lib.CreatedAt)
	})
}

func writeName(ctx context.Context, db *store.DB, name string) error {
	return db.Write(ctx, func(tx *store.Tx) error { return tx.Exec("UPDATE library SET name = ?", name) })
}
