package client

import (
	"cmp"
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

const (
	reasonShutdown = "shutdown" // of a subscription's end

	// The pauses before the second attempt to connect again and the later
	// ones. The first comes at once, since a daemon that crashed is started
	// by the connection itself where the service manager holds its socket.
	firstPause   = 10 * time.Millisecond
	longestPause = 2 * time.Second
	// A daemon that stops in order has files to close, and may be meant to
	// stay away; the first attempt gives it time.
	stoppedPause = time.Second

	// After how many missing heartbeats, and at least how much time, a peer
	// counts as dead. The time is for machines under load.
	missedHeartbeats = 4
	leastSilence     = 2 * time.Second
)

// pauseBefore returns the pause before attempt n, counted from 0. It has jitter, so
// that clients that lost the daemon together do not return together.
func pauseBefore(n int, stopped bool) time.Duration {
	pause := time.Duration(0)
	switch {
	case n > 0:
		pause = min(firstPause<<min(n-1, 16), longestPause)
	case stopped:
		pause = stoppedPause
	default:
		return 0
	}
	return pause/2 + rand.N(pause/2+1)
}

// temporary reports whether a later attempt may succeed.
func temporary(err error) bool {
	e := protocol.AsError(err)
	switch e.Code {
	case protocol.ReadError, protocol.WriteError, protocol.CoreUnavailable, protocol.DeadlineExceeded:
		return true
	case protocol.ConnectionFailed:
		switch Reason(e) {
		case ReasonPermission, ReasonNotASocket, ReasonPathTooLong, ReasonClosed,
			ReasonNoProgram, ReasonHostKey, ReasonLogin, ReasonOtherDaemon:
			return false
		}
		return true
	}
	return e.Retryable
}

// broke detaches the subscriptions of a connection that has ended, and resumes
// them. The connection's reader calls it before it closes done.
func (c *Client) broke(conn *conn, subs []*Subscription) {
	slices.SortFunc(subs, func(a, b *Subscription) int { return cmp.Compare(a.id, b.id) })
	may, stopped := c.mayReconnect(conn), false
	var resumable []*Subscription
	for _, s := range subs {
		if s.detach(conn, may) {
			resumable = append(resumable, s)
			stopped = stopped || s.wasStopped()
		}
	}
	if len(resumable) > 0 {
		c.resuming.Go(func() { c.resume(conn, resumable, stopped) })
	}
}

// detach takes s off its connection, which has ended. It reports whether s must
// be resumed.
func (s *Subscription) detach(c *conn, may bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != c {
		return false // it could not be subscribed, and attach has returned the error
	}
	s.conn = nil
	s.unwatch()
	switch {
	case s.ended:
		return false
	case may && !s.raw && !s.leaving:
		s.push(Message{Lost: &Lost{Err: c.err, Stopped: s.stopped}}, 0)
		return true
	case s.stopped:
		s.end(reasonShutdown, io.EOF)
	default:
		s.end("", c.err)
	}
	return false
}

func (s *Subscription) wasStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

func (s *Subscription) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// beginnings returns how often s was subscribed.
func (s *Subscription) beginnings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// resume connects and subscribes again for the subscriptions of a broken
// connection, until it succeeds or an error is permanent.
func (c *Client) resume(broken *conn, subs []*Subscription, stopped bool) {
	ctx, cancel := c.ctx, context.CancelFunc(func() {})
	if c.target.GiveUpAfter > 0 {
		ctx, cancel = context.WithTimeout(ctx, c.target.GiveUpAfter)
	}
	defer cancel()
	last := broken.err
	for attempt := c.flapping(broken); ; attempt++ {
		subs = slices.DeleteFunc(subs, (*Subscription).isOver)
		if len(subs) == 0 {
			return
		}
		err := c.attempt(ctx, attempt, stopped, &subs)
		if err == nil {
			continue // until all are done
		}
		if expired(ctx) {
			if code := protocol.AsError(err).Code; code != protocol.Cancelled && code != protocol.DeadlineExceeded {
				last = err
			}
			err = c.givenUp(last)
		} else if last = err; temporary(err) && c.mayReconnect(c.current()) {
			continue
		}
		for _, s := range subs {
			s.finish("", err)
		}
		return
	}
}

// attempt is one attempt to connect and to subscribe. It removes the resumed
// subscriptions from subs.
func (c *Client) attempt(ctx context.Context, n int, stopped bool, subs *[]*Subscription) error {
	ready := c.target.BeforeRedial
	if err := sleep(ctx, pauseBefore(n, stopped && ready == nil)); err != nil {
		return err
	}
	conn := c.current()
	if conn.broken() {
		if ready != nil {
			if err := ready(ctx, stopped); err != nil {
				return err
			}
		}
		var err error
		if conn, err = c.next(ctx, conn); err != nil {
			return err
		}
	}
	for len(*subs) > 0 {
		s := (*subs)[0]
		if err := s.again(ctx, conn); err != nil {
			if temporary(err) || expired(ctx) {
				return err
			}
			s.finish("", err) // the others may succeed
		}
		*subs = (*subs)[1:]
	}
	return nil
}

// again subscribes on conn.
func (s *Subscription) again(ctx context.Context, conn *conn) error {
	ctx, cancel := context.WithTimeout(ctx, s.client.target.HelloTimeout)
	defer cancel()
	before := s.beginnings()
	if err := s.attach(ctx, conn, s.after(s.client.Hello().Features)); err != nil {
		if ctx.Err() != nil {
			conn.cut(protocol.Errorf(protocol.ReadError, "the daemon does not answer: %w", err))
			<-conn.done
		}
		if s.beginnings() != before && !s.detach(conn, true) {
			return nil // and then the connection broke, which began another resume
		}
		return err
	}
	return nil
}

// givenUp returns the error of a subscription that could not be resumed in
// time, or of a client that was closed.
func (c *Client) givenUp(last error) error {
	if c.ctx.Err() != nil {
		return errClosed()
	}
	e := *protocol.AsError(last)
	e.Message = "no daemon for " + c.target.GiveUpAfter.String() + ": " + e.Message
	return &e
}

// flapping returns the number of the first attempt after conn: more than 0 if
// connections keep breaking before an event arrives.
func (c *Client) flapping(conn *conn) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn.events.Load() {
		c.flaps = 0
		return 0
	}
	c.flaps++
	return c.flaps - 1
}

func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
