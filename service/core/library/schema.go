package library

import (
	"embed"

	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema is what a library's database holds.
var Schema = newSchema()

func newSchema() *store.Schema {
	const entriesStep = 3 // since when folders have totals
	steps := store.ReadSteps(schemaFiles, "schema")
	steps[entriesStep-1].Then = entries.Recount
	return &store.Schema{Of: "library", Steps: steps}
}
