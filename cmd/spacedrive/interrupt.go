package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupts ends a context at Ctrl-C and SIGTERM, except while a command takes
// them itself. Once the context has ended, one more ends the program.
type interrupts struct {
	ctx     context.Context
	cancel  context.CancelFunc
	signals chan os.Signal
}

func watchInterrupts() *interrupts {
	i := &interrupts{signals: newSignals()}
	i.ctx, i.cancel = context.WithCancel(context.Background())
	go func() { // for as long as the program runs
		for range i.signals {
			if i.ctx.Err() != nil {
				os.Exit(exitInterrupted)
			}
			i.cancel()
		}
	}()
	return i
}

func newSignals() chan os.Signal {
	c := make(chan os.Signal, 4)
	notify(c)
	return c
}

func notify(c chan os.Signal) { signal.Notify(c, os.Interrupt, syscall.SIGTERM) }

// take sends interrupts to the channel that it returns, until giveBack is called.
func (i *interrupts) take() (taken <-chan os.Signal, giveBack func()) {
	c := newSignals()
	signal.Stop(i.signals)
	return c, func() {
		notify(i.signals)
		signal.Stop(c)
	}
}
