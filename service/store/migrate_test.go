package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
)

// testSchema is that of the libraries as it was at version 2.
var testSchema = &Schema{Of: "library", Steps: ReadSteps(os.DirFS("../core/library"), "schema")[:2]}

// fixtures put data into a database of each older version.
var fixtures = map[int]string{
	1: `INSERT INTO library VALUES (1, x'0190a3c400007000800000000000000a', 'Home', 1700000000000000000);
		INSERT INTO location (uuid, path, name, mode, added_at) VALUES (x'01', x'2f68', 'h', 'shallow', 1);
		INSERT INTO entry (parent, location, name, kind, flags, size, mtime, btime) VALUES (0, 1, x'2f68', 1, 0, 0, 0, 0), (1, 1, x'ff0a', 5, 1, 7, -8, 9);
		INSERT INTO location_kind VALUES (1, 5, 1, 7);
		INSERT INTO job (uuid, kind, status, trace_id, input, created_at) VALUES (x'02', 'index', 'paused', 't', '{}', 3);
		INSERT INTO job_warning VALUES (1, 1, x'2f', 'permission_denied', 'm');`,
}

// older makes a database as an older version of the program would have.
func older(t *testing.T, version int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "library.db")
	conn, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := testSchema.migrate(t.Context(), conn, path, version, nil); err != nil {
		t.Fatal(err)
	}
	for _, statement := range append(strings.SplitAfter(fixtures[version], ";"), fmt.Sprintf("PRAGMA application_id = %d", applicationID)) {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := exec(conn, strings.TrimSuffix(strings.TrimSpace(statement), ";")); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return path
}

// dump returns all that is in the tables of a version, by the columns that
// they had then.
func dump(t *testing.T, path string, columns map[string]string) string {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var b strings.Builder
	for table, cols := range columns {
		err := Each(conn, fmt.Sprintf("SELECT quote(%s) FROM %s", strings.ReplaceAll(cols, ",", ") || quote("), table), func(s *sqlite.Stmt) error {
			fmt.Fprintln(&b, table, s.ColumnText(0))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(b.String(), "\n")
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func tables(t *testing.T, path string) map[string]string {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	all := make(map[string]string)
	err = Each(conn, "SELECT name, (SELECT group_concat(name) FROM pragma_table_info(m.name)) FROM sqlite_master m WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
		func(s *sqlite.Stmt) error {
			all[s.ColumnText(0)] = s.ColumnText(1)
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryOlderVersionMigrates(t *testing.T) {
	for version := 1; version < testSchema.newest(); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			if fixtures[version] == "" {
				t.Fatalf("there is no fixture of version %d: add one", version)
			}
			path := older(t, version)
			columns := tables(t, path)
			before := dump(t, path, columns)
			var told []string
			db, err := Open(t.Context(), path, Options{Schema: testSchema, Migrating: func(msg string) { told = append(told, msg) }})
			if err != nil {
				t.Fatal(err)
			}
			if db.Version() != testSchema.newest() {
				t.Errorf("version %d", db.Version())
			}
			if err := db.Write(t.Context(), insert("new")); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if after := dump(t, path, columns); after != before {
				t.Errorf("the data changed:\n%s\nwas:\n%s", after, before)
			}
			backup := fmt.Sprintf("%s.v%d.bak", path, version)
			if kept := dump(t, backup, columns); kept != before {
				t.Errorf("the copy holds:\n%s", kept)
			}
			if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the copy's mode is %v, %v", info.Mode(), err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.tmp")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if len(told) != 1+testSchema.newest()-version {
				t.Errorf("told %q", told)
			}
		})
	}
}

func TestMigrationIsAllOrNothing(t *testing.T) {
	path := older(t, 1)
	columns := tables(t, path)
	before := dump(t, path, columns)
	broken := &Schema{Of: "library", Steps: slices.Clone(testSchema.Steps)}
	broken.Steps[1].SQL += "INSERT INTO nowhere VALUES (1);"
	if _, err := Open(t.Context(), path, Options{Schema: broken}); err == nil || !strings.Contains(err.Error(), "from version 1 to 2") {
		t.Fatalf("error %v", err)
	}
	if after := dump(t, path, columns); after != before || len(tables(t, path)) != len(columns) {
		t.Error("a failed migration left something")
	}
	db, err := Open(t.Context(), path, Options{Schema: testSchema})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// A migration may take minutes, and the daemon must be able to stop meanwhile.
func TestAMigrationEndsWithItsContext(t *testing.T) {
	path := older(t, 1)
	columns := tables(t, path)
	before := dump(t, path, columns)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Open(ctx, path, Options{Schema: testSchema, Migrating: func(msg string) {
		if strings.Contains(msg, "from version") {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if after := dump(t, path, columns); after != before || len(tables(t, path)) != len(columns) {
		t.Error("the migration left something")
	}
	open(t, path)
}
