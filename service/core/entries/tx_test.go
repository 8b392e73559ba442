package entries_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// TestNothingLeavesADeletedFolder: its rows are being removed, and its totals
// are true no more.
func TestNothingLeavesADeletedFolder(t *testing.T) {
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
	folder := func(parent int64, name string) entries.Entry {
		return entries.Entry{ID: x.NewID(), Parent: parent, Name: name, Attributes: entries.Attributes{Kind: entries.Folder}}
	}
	err = x.Write(t.Context(), entries.Origin{}, func(tx *entries.Tx) error {
		root, err := entries.AddRoot(tx, "/r")
		if err != nil {
			return err
		}
		outer := folder(root, "outer")
		inner := folder(outer.ID, "inner")
		if err := tx.Insert("/r", &outer); err != nil {
			return err
		}
		if err := tx.Insert("/r/outer", &inner); err != nil {
			return err
		}
		if gone, ok, err := tx.Delete(entries.Place{Folder: root, Path: "/r", Name: "outer"}, outer.ID); err != nil || !ok {
			t.Errorf("delete outer: %v, %v, %v", gone, ok, err)
		}
		was := entries.Place{Folder: outer.ID, Path: "/r/outer", Name: "inner"}
		if gone, ok, err := tx.Delete(was, inner.ID); err != nil || ok {
			t.Errorf("delete inner: %v, %v, %v", gone, ok, err)
		}
		inner.Parent = root
		if ok, err := tx.Move(was, &inner.Attributes, "/r", inner, false); err != nil || ok {
			t.Errorf("move inner: %v, %v", ok, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnlyWhatWasSeenIsMoved: two scans at once may find that a file was moved,
// and that another has its place.
func TestOnlyWhatWasSeenIsMoved(t *testing.T) {
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
	write := func(fn func(*entries.Tx) error) {
		t.Helper()
		if err := x.Write(t.Context(), entries.Origin{}, fn); err != nil {
			t.Fatal(err)
		}
	}
	seen := entries.Attributes{Kind: 4, Size: 1, Modified: 1, Device: 1, Inode: 77}
	e := entries.Entry{ID: x.NewID(), Name: "file", Attributes: seen}
	root := int64(0)
	write(func(tx *entries.Tx) (err error) {
		if root, err = entries.AddRoot(tx, "/r"); err != nil {
			return err
		}
		e.Parent = root
		return tx.Insert("/r", &e)
	})
	at := entries.Place{Folder: root, Path: "/r", Name: "file"}
	other := e
	other.Inode = 78
	write(func(tx *entries.Tx) error {
		_, err := tx.Update(at, other, false)
		return err
	})
	moved := e
	moved.Name = "elsewhere"
	write(func(tx *entries.Tx) error {
		if ok, err := tx.Move(at, &seen, "/r", moved, true); ok || err != nil {
			t.Errorf("moved what another file has replaced: %v, %v", ok, err)
		}
		if ok, err := tx.Move(at, &other.Attributes, "/r", moved, true); !ok || err != nil {
			t.Errorf("did not move what was there: %v, %v", ok, err)
		}
		return nil
	})
}
