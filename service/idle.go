package service

import (
	"time"

	"github.com/spacedrive-go/spacedrive/service/listen"
)

// idleLook bounds how long the daemon goes without looking whether it is idle.
const idleLook = time.Minute

// launchdIdle is the least time without work after which a daemon of launchd's
// ends. launchd takes a job that lived for less than ten seconds for one that
// fails, and lets ten pass before it starts the next (launchd.plist(5),
// ThrottleInterval); whoever connects meanwhile would wait.
const launchdIdle = time.Minute

// leastIdle returns the time without work after which a daemon ends, of what is
// configured, for sockets from origin; 0 is never.
func leastIdle(configured time.Duration, origin string) time.Duration {
	if origin == listen.Launchd && configured > 0 {
		return max(configured, launchdIdle)
	}
	return configured
}

// exitWhenIdle ends the daemon when nothing has needed it for the idle time.
// The socket stays with the service manager, and with it whoever connects at
// that moment.
func (d *Daemon) exitWhenIdle() {
	busyAt := time.Now() // when a job last held the exit off
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-timer.C:
		case <-d.reloaded: // another idle time, perhaps
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
			// Look again when it may be over, and often enough to
			// know when a job ended.
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
