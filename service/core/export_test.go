package core

import (
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// NewWithEvents is New with a publisher that is no bus.
func NewWithEvents(o Options, events library.Publisher) *Core { return newCore(o, events) }

// DB returns the instance's own database.
func (c *Core) DB() *store.DB { return c.db }
