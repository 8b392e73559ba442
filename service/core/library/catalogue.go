package library

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// catalogueName is the file in the data folder that lists the libraries.
const catalogueName = "libraries.json"

// Catalogue returns the file that lists the libraries. Where there is none,
// the data folder is not in use yet.
func Catalogue(dataDir string) string { return filepath.Join(dataDir, catalogueName) }

type catalogue struct {
	Libraries []record `json:"libraries"`
}

// A record is what the catalogue keeps of a library, so that a library that
// does not open still has a name.
type record struct {
	ID   protocol.ID   `json:"id"`
	Name string        `json:"name"`
	Path protocol.Path `json:"path"`
}

func readCatalogue(dataDir string) (catalogue, error) {
	var c catalogue
	path := Catalogue(dataDir)
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("the list of libraries %s cannot be read; correct it or move it away: %w", path, err)
	}
	return c, nil
}

// record applies change to the catalogue on the disk. The catalogue holds the
// libraries whose creation is complete, by the names that they have for sure;
// a change that fails leaves it as it was.
func (m *Manager) record(ctx context.Context, change func([]record) []record) error {
	select {
	case m.recording <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-m.recording }()
	if m.closed.Load() {
		return m.errClosing() // the data folder may be another process's by now
	}
	next := change(slices.Clone(m.records))
	if err := (catalogue{next}).write(m.DataDir); err != nil {
		return err
	}
	m.records = next
	return nil
}

// write replaces the catalogue as a whole: after a crash there is the old or
// the new one.
func (c catalogue) write(dataDir string) error {
	text, err := json.Marshal(c, json.Deterministic(true), jsontext.Multiline(true))
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dataDir, catalogueName+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after a failure
	defer f.Close()
	if _, err := f.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), Catalogue(dataDir)); err != nil {
		return err
	}
	return syncFolder(dataDir)
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
