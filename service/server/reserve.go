package server

import (
	"context"

	"github.com/spacedrive-go/spacedrive/registry"
)

// Bounds on the lists in answers, in bytes.
const (
	// connPageBytes are of those that a connection's calls make at once: two
	// of the longest.
	connPageBytes = 2 * registry.MaxPageBytes
	// maxPageBytes are of all, over all connections, from before the handler
	// runs until the peer has taken the answer.
	maxPageBytes = 128 << 20
)

// reserve waits until a call may run whose answer has a list of up to n bytes:
// until its connection's peer has read what was sent, and neither the connection nor the server holds
// too many lists. It returns the error of ctx where that is done first. The
// reservation is answer's to give back.
func (o *out) reserve(ctx context.Context, n int) error {
	if err := o.pages.Acquire(ctx, int64(n)); err != nil {
		return err
	}
	err := o.awaitRead(ctx)
	if err == nil {
		err = o.c.srv.pages.Acquire(ctx, int64(n))
	}
	if err != nil {
		o.pages.Release(int64(n))
		return err
	}
	o.c.srv.pagesUsed.Add(int64(n))
	return nil
}

// awaitRead waits until little enough waits to be written.
func (o *out) awaitRead(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	unread := func() bool { return o.taken+len(o.queued.buf) >= plainAnswer }
	if !unread() {
		return ctx.Err()
	}
	defer context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.changed.Broadcast()
	})()
	for unread() && ctx.Err() == nil {
		if !o.flushed() {
			o.changed.Wait()
		}
	}
	return ctx.Err()
}

// encoded gives back what a call has reserved and its answer, of size bytes,
// does not need. It returns what remains reserved until the answer is written.
func (o *out) encoded(reserved, size int) int {
	if reserved == 0 {
		return 0
	}
	o.pages.Release(int64(reserved))
	rest := min(reserved, size)
	o.unreserve(reserved - rest)
	return rest
}

// unreserve gives n bytes back to other calls.
func (o *out) unreserve(n int) {
	if n > 0 {
		o.c.srv.pagesUsed.Add(-int64(n))
		o.c.srv.pages.Release(int64(n))
	}
}
