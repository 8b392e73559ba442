package core

import "github.com/spacedrive-go/spacedrive/service/core/library"

// NewWithEvents is New with another taker of events than a bus.
func NewWithEvents(o Options, events library.Publisher) *Core { return newCore(o, events) }
