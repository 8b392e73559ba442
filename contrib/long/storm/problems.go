//go:build linux

package main

import (
	"fmt"
	"log"
	"slices"
	"strings"
	"sync"
)

// problems are what was found, each kind logged once with its evidence.
type problems struct {
	mu    sync.Mutex
	kinds map[string]int
}

func (p *problems) add(kind, format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kinds == nil {
		p.kinds = make(map[string]int)
	}
	p.kinds[kind]++
	if p.kinds[kind] == 1 {
		log.Printf("PROBLEM: %s: %s", kind, fmt.Sprintf(format, args...))
	}
}

func (p *problems) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.kinds)
}

// counts are numbers of answers, by error code.
type counts struct {
	mu sync.Mutex
	by map[string]int
}

func (c *counts) add(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = make(map[string]int)
	}
	c.by[code]++
}

func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var parts []string
	for code, n := range c.by {
		parts = append(parts, fmt.Sprintf("%s %d", code, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
