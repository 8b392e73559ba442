// Package api declares every operation of the daemon once: its name, kind,
// scope, input and output. The server binds handlers to these values, the
// client calls with them, and the documentation, the schemas and the CLI's
// list of methods follow from them. There is a file for each domain.
//
// Every type of event is declared once, too, in events.go: its name, its data,
// and what filters and queues need to know of the data.
//
// Inputs that can be wrong in ways that their type cannot say have a Validate
// method; the registry calls it before the handler runs.
package api

import "github.com/spacedrive-go/spacedrive/protocol"

// Shorthands for the types that nearly every input and output has.
type (
	ID   = protocol.ID
	Path = protocol.Path
)

// Empty is an input or output without fields.
type Empty struct{}

// Limits on the length of a page of a list.
const (
	DefaultLimit = 100
	MaxLimit     = 10_000
)

// Page is the part of an input that asks for one page of a list.
type Page struct {
	Limit  int    `json:"limit,omitzero" jsonschema:"entries a page: default 100, at most 10,000"`
	Cursor string `json:"cursor,omitzero" jsonschema:"next_cursor of the page before"`
}

// PageLimit returns how many entries the page may have.
func (p Page) PageLimit() int { return p.Limit }

// Validate checks the limit and sets its default.
func (p *Page) Validate() error {
	if p.Limit < 0 || p.Limit > MaxLimit {
		return protocol.Invalid("limit", "limit is %d, and must be between 1 and %d", p.Limit, MaxLimit)
	}
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	return nil
}
