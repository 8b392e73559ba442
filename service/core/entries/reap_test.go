package entries_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// TestADeepTreeIsReaped: more folders deep than one transaction removes rows.
func TestADeepTreeIsReaped(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "db"), store.Options{Schema: library.Schema, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	x, err := entries.Open(t.Context(), db, protocol.NewID(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close(context.Background())
	const depth = 2100
	var top entries.Entry
	var place entries.Place
	err = x.Write(t.Context(), entries.Origin{}, func(tx *entries.Tx) error {
		root, err := entries.AddRoot(tx, "/r")
		if err != nil {
			return err
		}
		place = entries.Place{Folder: root, Path: "/r", Name: "a"}
		parent, path := root, "/r"
		for n := range depth {
			folder := entries.Entry{ID: x.NewID(), Parent: parent, Name: "a", Attributes: entries.Attributes{Kind: entries.Folder}}
			if err := tx.Insert(path, &folder); err != nil {
				return err
			}
			if n == 0 {
				top = folder
			}
			parent, path = folder.ID, path+"/a"
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := func() (n int64) {
		err := db.Read(t.Context(), func(conn *sqlite.Conn) (err error) {
			n, err = store.Int(conn, "SELECT count(*) FROM entry")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := rows(); n != depth+1 {
		t.Fatalf("%d rows", n)
	}
	err = x.Write(t.Context(), entries.Origin{}, func(tx *entries.Tx) error {
		_, _, err := tx.Delete(place, top.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for rows() != 1 { // until go test's own time is over
		<-tick.C
	}
}
