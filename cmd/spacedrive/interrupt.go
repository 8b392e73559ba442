package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupts hands Ctrl-C and SIGTERM to whoever waits for a job, and ends the
// context where nobody does. Once it has ended, one more ends the program.
type interrupts struct {
	ctx    context.Context
	cancel context.CancelFunc
	come   chan os.Signal

	mu    sync.Mutex
	taker chan os.Signal // nil: nobody
}

func watchInterrupts() *interrupts {
	i := &interrupts{come: make(chan os.Signal, 4)}
	i.ctx, i.cancel = context.WithCancel(context.Background())
	signal.Notify(i.come, os.Interrupt, syscall.SIGTERM)
	go i.hand() // for as long as the program runs
	return i
}

func (i *interrupts) hand() {
	for s := range i.come {
		i.mu.Lock()
		taker := i.taker
		i.mu.Unlock()
		switch {
		case taker != nil:
			select {
			case taker <- s:
			default: // two wait there already
			}
		case i.ctx.Err() != nil:
			os.Exit(exitInterrupted)
		default:
			i.cancel()
		}
	}
}

// take has interrupts sent to the channel that it returns, until give.
func (i *interrupts) take() <-chan os.Signal {
	c := make(chan os.Signal, 2)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.taker = c
	return c
}

func (i *interrupts) give() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.taker = nil
}
