package core_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entry"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// dump returns all entries of the library in a folder, a line for each by its
// path: all columns but ids, which may differ between two indexes of one tree,
// with the content's hash for its id. The counters stand below.
func dump(t testing.TB, folder string) string {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(folder, library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	lines := []string{}
	var paths entry.Paths
	must(t, store.Each(conn, `SELECT parent, name, kind, flags, size, mtime, btime, hex((SELECT hash FROM content WHERE id = content))
		FROM entry WHERE parent <> 0`, func(s *sqlite.Stmt) error {
		above, err := paths.Folder(conn, s.ColumnInt64(0))
		lines = append(lines, fmt.Sprintf("%q kind=%v flags=%d size=%d mtime=%d btime=%d %s", entry.Join(above, store.Text(s, 1)),
			entry.Kind(s.ColumnInt64(2)), s.ColumnInt64(3), s.ColumnInt64(4), s.ColumnInt64(5), s.ColumnInt64(6), s.ColumnText(7)))
		return err
	}))
	slices.Sort(lines)
	must(t, store.Each(conn, "SELECT kind, sum(files), sum(bytes) FROM location_kind GROUP BY kind HAVING sum(files) + sum(bytes) > 0 ORDER BY kind", func(s *sqlite.Stmt) error {
		lines = append(lines, fmt.Sprintf("%v: %d, %d bytes", entry.Kind(s.ColumnInt64(0)), s.ColumnInt64(1), s.ColumnInt64(2)))
		return nil
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
	must(t, store.Each(conn, "SELECT quote(id), quote(parent), quote(name), kind, flags, size, mtime, btime, content FROM entry ORDER BY id", func(s *sqlite.Stmt) error {
		for col := range s.ColumnCount() {
			b.WriteString(s.ColumnText(col) + " ")
		}
		b.WriteByte('\n')
		return nil
	}))
	return b.String()
}

// checkCounters compares the counters with the entries that they count.
func checkCounters(t testing.TB, folder string) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(folder, library.FilePrefix), sqlite.OpenReadWrite)
	must(t, err)
	defer conn.Close()
	got, want := map[string]api.Count{}, map[string]api.Count{}
	read := func(into map[string]api.Count) func(*sqlite.Stmt) error {
		return func(s *sqlite.Stmt) error {
			into[s.ColumnText(0)] = api.Count{Files: s.ColumnInt64(1), Bytes: s.ColumnInt64(2)}
			return nil
		}
	}
	must(t, store.Each(conn, "SELECT location || ' ' || kind, files, bytes FROM location_kind WHERE files + bytes <> 0", read(got)))
	must(t, store.Each(conn, "SELECT location || ' ' || kind, count(*), sum(size) FROM entry WHERE parent <> 0 GROUP BY location, kind", read(want)))
	if !maps.Equal(got, want) {
		t.Errorf("counters %v, entries %v", got, want)
	}
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
