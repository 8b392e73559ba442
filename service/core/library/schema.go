package library

import (
	"embed"

	"github.com/spacedrive-go/spacedrive/service/store"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// Schema is what a library's database holds.
var Schema = &store.Schema{Of: "library", Steps: store.ReadSteps(schemaFiles, "schema")}
