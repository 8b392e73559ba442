package core_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A data folder whose own database cannot be used is not opened without it: its
// jobs would be lost.
func TestTheInstancesDatabaseMustOpen(t *testing.T) {
	for name, content := range map[string]string{
		"damaged":           strings.Repeat("x", 4096),
		"of a newer schema": newerDatabase(),
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			path := filepath.Join(data, "instance.db")
			must(t, os.WriteFile(path, []byte(content), 0o600))
			c := newCoreOn(data)
			err := c.Open(t.Context())
			if err == nil || !strings.Contains(err.Error(), "the instance's database") || !strings.Contains(err.Error(), path) {
				t.Fatalf("error %v", err)
			}
			wire := protocol.AsError(err)
			if wire.Hint == "" {
				t.Error("no hint")
			}
			if now, err := os.ReadFile(path); err != nil || string(now) != content {
				t.Errorf("the file was changed: %v", err)
			}
			// The folder is not locked, and works once the file is away.
			must(t, os.Remove(path))
			must(t, c.Open(t.Context()))
			must(t, c.Close(t.Context()))
		})
	}
}

// newerDatabase is the header of a database that a later version has written.
func newerDatabase() string {
	header := make([]byte, 4096)
	copy(header, "SQLite format 3\x00")
	copy(header[60:], "\x00\x00\x03\xe7")
	copy(header[68:], "spdr")
	return string(header)
}

// One package keeps jobs in both databases.
func TestTheTablesOfJobsAreTheSameInBothDatabases(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	library := string(call(c, api.LibrariesInfo, api.Empty{}).Path)
	i.close()
	columns := func(path string) (all []string) {
		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
		must(t, err)
		defer conn.Close()
		for _, table := range []string{"job", "job_warning"} {
			err := store.Each(conn, "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || ifnull(dflt_value, '') || ' ' || pk FROM pragma_table_info(?)", func(s *sqlite.Stmt) error {
				all = append(all, table+" "+s.ColumnText(0))
				return nil
			}, table)
			must(t, err)
		}
		return all
	}
	own, lib := columns(filepath.Join(i.data, "instance.db")), columns(filepath.Join(library, "library.db"))
	if a, b := strings.Join(own, "\n"), strings.Join(lib, "\n"); len(own) == 0 || a != b {
		t.Errorf("the instance's:\n%s\nthe library's:\n%s", a, b)
	}
}
