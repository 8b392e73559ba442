package core

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// databaseSchema is what an instance's own database holds.
var databaseSchema = &store.Schema{Of: "instance", Steps: store.ReadSteps(schemaFiles, "schema")}

// databaseName is the file in the data folder that holds what an instance keeps
// beside its libraries.
const databaseName = "instance.db"

// InUse reports whether a data folder holds anything: libraries, or an
// instance's own jobs.
func InUse(dataDir string) bool {
	for _, path := range []string{library.Catalogue(dataDir), filepath.Join(dataDir, databaseName)} {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}

// openDatabase opens the instance's database, and makes it where there is none.
func openDatabase(ctx context.Context, dataDir string, migrating func(string)) (*store.DB, error) {
	path := filepath.Join(dataDir, databaseName)
	db, err := store.Open(ctx, path, store.Options{Schema: databaseSchema, Create: true, Migrating: migrating})
	if err != nil {
		wire := *protocol.AsError(err)
		wire.Message = fmt.Sprintf("cannot open the instance's database: %s", wire.Message)
		return nil, wire.With("path", protocol.Path(path))
	}
	return db, nil
}
