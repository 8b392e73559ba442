package store

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// A Schema says what a database holds. It is given by the package whose tables
// they are.
type Schema struct {
	// Of names what the database is of, for messages: "library".
	Of string
	// Steps lead from each version to the next, the first from an empty
	// database to version 1. Released steps never change.
	Steps []Step
}

// A Step changes a database from one version to the next, in one transaction
// together with the version's number.
type Step struct {
	SQL string
	// Then, if set, does after the SQL what SQL cannot express.
	Then func(*sqlite.Conn) error
}

// newest returns the version that this program writes.
func (s *Schema) newest() int { return len(s.Steps) }

// ReadSteps returns the steps in the folder dir of files: one .sql file each,
// whose names begin with the number of the version that they lead to.
func ReadSteps(files fs.FS, dir string) []Step {
	names, err := fs.Glob(files, dir+"/*.sql") // in order
	if err != nil {
		panic(err)
	}
	var steps []Step
	for i, name := range names {
		if n, err := strconv.Atoi(path.Base(name)[:4]); err != nil || n != i+1 {
			panic(fmt.Sprintf("store: the name of the schema's step %s must begin with %04d", name, i+1))
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		steps = append(steps, Step{SQL: string(text)})
	}
	return steps
}

// migrate brings the database to version to. Each step is one transaction
// together with its version number, so a crash leaves a whole version. A
// database that holds data is copied first.
func (s *Schema) migrate(ctx context.Context, conn *sqlite.Conn, path string, to int, report func(string)) error {
	from, err := queryInt(conn, "PRAGMA user_version")
	if err != nil || from >= to {
		return err
	}
	if report == nil {
		report = func(string) {}
	}
	if from > 0 {
		report(fmt.Sprintf("copying %s before migrating it", path))
		if err := keepCopy(conn, path, from); err != nil {
			return fmt.Errorf("keep a copy of %s before migrating it: %w", path, err)
		}
	}
	for version := from; version < to; version++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if from > 0 {
			report(fmt.Sprintf("migrating %s from version %d to %d", path, version, version+1))
		}
		if err := s.step(conn, version); err != nil {
			return fmt.Errorf("migrate %s from version %d to %d: %w", path, version, version+1, err)
		}
	}
	return nil
}

func (s *Schema) step(conn *sqlite.Conn, from int) (err error) {
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	step := s.Steps[from]
	if err := sqlitex.ExecuteScript(conn, step.SQL, nil); err != nil {
		return err
	}
	if step.Then != nil {
		if err := step.Then(conn); err != nil {
			return err
		}
	}
	return exec(conn, fmt.Sprintf("PRAGMA user_version = %d", from+1))
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
