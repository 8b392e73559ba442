package store

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// migrations are the steps of the schema, the one at i leading from version i
// to i+1.
var migrations = loadMigrations()

// newest is the version of the schema that this program writes.
func newest() int { return len(migrations) }

func loadMigrations() []string {
	files, err := schemaFiles.ReadDir("schema")
	if err != nil {
		panic(err)
	}
	sort.Slice(files, func(i, j int) bool { return files[i].Name() < files[j].Name() })
	var all []string
	for i, f := range files {
		if n, err := strconv.Atoi(f.Name()[:4]); err != nil || n != i+1 {
			panic(fmt.Sprintf("store: the migration %s should begin with %04d", f.Name(), i+1))
		}
		text, err := schemaFiles.ReadFile("schema/" + f.Name())
		if err != nil {
			panic(err)
		}
		all = append(all, string(text))
	}
	return all
}

// migrate brings the database to version to. Each step is one transaction
// together with its version number, so a crash leaves a whole version. A
// database that holds data is copied first.
func migrate(ctx context.Context, conn *sqlite.Conn, path string, to int, tell func(string)) error {
	from, err := queryInt(conn, "PRAGMA user_version")
	if err != nil || from >= to {
		return err
	}
	if tell == nil {
		tell = func(string) {}
	}
	if from > 0 {
		tell(fmt.Sprintf("copying %s before migrating it", path))
		if err := keepCopy(conn, path, from); err != nil {
			return fmt.Errorf("keep a copy of %s before migrating it: %w", path, err)
		}
	}
	for version := from; version < to; version++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if from > 0 {
			tell(fmt.Sprintf("migrating %s from version %d to %d", path, version, version+1))
		}
		if err := step(conn, version); err != nil {
			return fmt.Errorf("migrate %s from version %d to %d: %w", path, version, version+1, err)
		}
	}
	return nil
}

func step(conn *sqlite.Conn, from int) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	script := migrations[from] + fmt.Sprintf("\nPRAGMA user_version = %d;\n", from+1)
	return sqlitex.ExecuteScript(conn, script, nil)
}

// keepCopy leaves a consistent copy of the database at path beside it, named
// after its version.
func keepCopy(conn *sqlite.Conn, path string, version int) error {
	name := fmt.Sprintf("%s.v%d.bak", path, version)
	temp := name + ".tmp"
	if err := os.Remove(temp); err != nil && !os.IsNotExist(err) {
		return err
	}
	defer os.Remove(temp) // after a failure
	if err := touch(temp); err != nil {
		return err
	}
	if err := exec(conn, "VACUUM INTO ?", temp); err != nil {
		return err
	}
	if err := syncPath(temp); err != nil {
		return err
	}
	if err := os.Rename(temp, name); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

// syncPath writes what the kernel holds of a file or folder to the disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
