package service

import (
	"time"

	"github.com/spacedrive-go/spacedrive/service/listen"
)

// idleLook is how often the daemon checks at least whether it is idle.
const idleLook = time.Minute

// launchdIdle is the shortest idle time under launchd. launchd waits until ten
// seconds after a start before it starts a job again (launchd.plist(5),
// ThrottleInterval), and a client that connects meanwhile would wait.
const launchdIdle = time.Minute

// leastIdle returns the time without work after which a daemon with sockets from
// origin exits; 0 is never.
func leastIdle(configured time.Duration, origin string) time.Duration {
	if origin == listen.Launchd && configured > 0 {
		return max(configured, launchdIdle)
	}
	return configured
}

// exitWhenIdle stops the daemon when nothing has needed it for the idle time. The
// service manager keeps the socket, so a client that connects at that moment is
// served by the next daemon.
func (d *Daemon) exitWhenIdle() {
	busyAt := time.Now() // when a job last ran
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-timer.C:
		case <-d.reloaded: // the idle time may have changed
		}
		timeout := d.idleTimeout()
		if timeout <= 0 {
			timer.Reset(idleLook)
			continue
		}
		if d.instances.Busy() {
			busyAt = time.Now()
		}
		since, idle := d.server.IdleSince()
		if since.Before(busyAt) {
			since = busyAt
		}
		left := timeout - time.Since(since)
		switch {
		case !idle || left > 0:
			// Check again when the time may be over, and often enough
			// to notice when a job ended.
			if left <= 0 {
				left = timeout
			}
			timer.Reset(min(left, max(timeout/4, time.Millisecond), idleLook))
		case d.server.Drain(since):
			d.Quit("idle for " + timeout.String())
			return
		default:
			timer.Reset(timeout)
		}
	}
}
