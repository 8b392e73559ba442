package core_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// dump returns all entries of the library in a folder, a line for each by its
// path: all columns but ids, which may differ between two indexes of one tree,
// with the content's hash for its id. The totals of the roots stand below.
func dump(t testing.TB, folder string) string {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(folder, library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	lines := []string{}
	var tree entries.Tree
	must(t, store.Each(conn, `SELECT parent, name, kind, flags, size, blocks, mtime, mtime + ctime, btime, inode,
			(SELECT identity FROM device WHERE id = device), hex((SELECT hash FROM content WHERE id = content))
		FROM entry WHERE parent > 0`, func(s *sqlite.Stmt) error {
		in, err := tree.Path(conn, s.ColumnInt64(0))
		if errors.Is(err, entries.ErrGone) {
			return nil // still to be removed
		}
		line := fmt.Sprintf("%q kind=%v", entries.Join(in, store.Text(s, 1)), entries.Kind(s.ColumnInt64(2)))
		for col := 3; col < s.ColumnCount(); col++ {
			line += fmt.Sprintf(" %s=%s", s.ColumnName(col), s.ColumnText(col))
		}
		lines = append(lines, line)
		return err
	}))
	slices.Sort(lines)
	must(t, store.Each(conn, "SELECT id, name FROM entry WHERE parent = 0 ORDER BY name", func(s *sqlite.Stmt) error {
		total, err := entries.Total(conn, s.ColumnInt64(0))
		files, folders, bytes := total.Count()
		lines = append(lines, fmt.Sprintf("%s: %d files, %d folders, %d bytes, %d on the disk, %v", store.Text(s, 1), files, folders, bytes, total.Disk, total.ByKind()))
		return err
	}))
	return strings.Join(lines, "\n")
}

// entryRows returns the rows of entries as they are, ids included.
func entryRows(t testing.TB, folder string) string {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(folder, library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	var b strings.Builder
	must(t, store.Each(conn, "SELECT quote(id), quote(parent), quote(name), kind, flags, size, blocks, mtime, ctime, btime, device, inode, content FROM entry ORDER BY id", func(s *sqlite.Stmt) error {
		for col := range s.ColumnCount() {
			b.WriteString(s.ColumnText(col) + " ")
		}
		b.WriteByte('\n')
		return nil
	}))
	return b.String()
}

// diskUse returns what a location takes on the disk, by its totals.
func diskUse(t testing.TB, folder, root string) int64 {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(folder, library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	e, ok, err := entries.In(conn, 0, root)
	if err != nil || !ok {
		t.Fatalf("no root %s: %v", root, err)
	}
	total, err := entries.Total(conn, e.ID)
	must(t, err)
	return total.Disk
}

// counted is what the totals of a folder should be.
type counted struct {
	kinds  map[string]api.Count
	disk   int64
	linked int64
}

// checkCounters compares the totals of every folder, and the references of
// content, with the entries that they count.
func checkCounters(t testing.TB, folder string) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(folder, library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	must(t, store.Each(conn, "BEGIN", nil))
	defer func() { _ = store.Each(conn, "ROLLBACK", nil) }()
	parents := make(map[int64]int64)
	must(t, store.Each(conn, "SELECT id, parent FROM entry", func(s *sqlite.Stmt) error {
		parents[s.ColumnInt64(0)] = s.ColumnInt64(1)
		return nil
	}))
	above := func(id int64) (folders []int64, visible bool) {
		for at := parents[id]; at > 0; at = parents[at] {
			folders = append(folders, at)
			if _, ok := parents[at]; !ok {
				t.Fatalf("entry %d is in folder %d, which is not there", id, at)
			}
		}
		return folders, len(folders) == 0 || parents[folders[len(folders)-1]] == 0
	}
	want := make(map[int64]*counted)
	onDisk := make(map[int64]map[string]bool) // files with several names, by folder
	must(t, store.Each(conn, "SELECT id, kind, size, blocks, flags & 4, device || ' ' || inode || ' ' || btime FROM entry WHERE parent > 0", func(s *sqlite.Stmt) error {
		folders, visible := above(s.ColumnInt64(0))
		if !visible {
			return nil
		}
		kind, size, disk := entries.Kind(s.ColumnInt64(1)).String(), s.ColumnInt64(2), 512*s.ColumnInt64(3)
		for _, f := range folders {
			if want[f] == nil {
				want[f] = &counted{kinds: make(map[string]api.Count)}
				onDisk[f] = make(map[string]bool)
			}
			n := want[f].kinds[kind]
			want[f].kinds[kind] = api.Count{Files: n.Files + 1, Bytes: n.Bytes + size}
			if s.ColumnInt64(4) != 0 {
				want[f].linked++
				if onDisk[f][s.ColumnText(5)] {
					continue
				}
				onDisk[f][s.ColumnText(5)] = true
			}
			want[f].disk += disk
		}
		return nil
	}))
	for id := range parents {
		if _, visible := above(id); !visible || parents[id] < 0 {
			continue
		}
		total, err := entries.Total(conn, id)
		must(t, err)
		got := counted{kinds: total.ByKind(), disk: total.Disk}
		must(t, store.Each(conn, "SELECT sums FROM total WHERE folder = ?", func(s *sqlite.Stmt) error {
			sums := store.Bytes(s, 0)
			_, n := binary.Varint(sums)
			got.linked, _ = binary.Varint(sums[n:])
			return nil
		}, id))
		if _, folders, _ := total.Count(); folders > 0 {
			got.kinds["folder"] = api.Count{Files: folders}
		}
		w := want[id]
		if w == nil {
			w = new(counted)
		}
		if !maps.Equal(got.kinds, w.kinds) || got.disk != w.disk || got.linked != w.linked {
			t.Errorf("the totals of folder %d are %+v; its entries are %+v", id, got, *w)
		}
	}
	must(t, store.Each(conn, "SELECT id, refs, (SELECT count(*) FROM entry WHERE content = content.id) AS n FROM content WHERE refs <> n", func(s *sqlite.Stmt) error {
		t.Errorf("content %d counts %d references, and has %d", s.ColumnInt64(0), s.ColumnInt64(1), s.ColumnInt64(2))
		return nil
	}))
	must(t, store.Each(conn, "SELECT folder FROM total WHERE folder NOT IN (SELECT id FROM entry)", func(s *sqlite.Stmt) error {
		t.Errorf("folder %d has totals, and no entry", s.ColumnInt64(0))
		return nil
	}))
}

// diff returns the lines that only one of two dumps has.
func diff(got, want string) string {
	var b strings.Builder
	has := func(lines []string, line string) bool { return slices.Contains(lines, line) }
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range g {
		if !has(w, line) {
			fmt.Fprintln(&b, "+", line)
		}
	}
	for _, line := range w {
		if !has(g, line) {
			fmt.Fprintln(&b, "-", line)
		}
	}
	return b.String()
}
