// Package notify tells the service manager how the daemon is (sd_notify(3)),
// and keeps its watchdog. Where no service manager listens, it does nothing.
package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
)

// Ready says that the daemon answers.
func Ready() { send(daemon.SdNotifyReady) }

// Stopping says that the daemon is about to end. What connects from now on is
// for the next one.
func Stopping() { send(daemon.SdNotifyStopping) }

// Status says in one line what the daemon is doing; systemctl status shows it.
func Status(format string, args ...any) {
	send("STATUS=" + strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " "))
}

// Reloading says that the configuration is being read again. Ready ends it.
func Reloading() { send(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()) }

// KeepExtending asks for more time to start, d at a time, every sixth of d
// until done is closed. What is done by then has asked for nothing.
func KeepExtending(done <-chan struct{}, d time.Duration) {
	tick := time.NewTicker(d / 6)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			send(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds()))
		case <-done:
			return
		}
	}
}

func send(state string) {
	// There is nobody to tell of an error, and no harm in it.
	_, _ = daemon.SdNotify(false, state)
}

// Watchdog calls check twice in each of the service manager's watchdog
// intervals, and tells it that the daemon is alive as long as check returns
// nil in time. It returns when ctx is done, or at once where there is no
// watchdog.
func Watchdog(ctx context.Context, log zerolog.Logger, check func(context.Context) error) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Error().Err(err).Msg("the service manager's watchdog cannot be served")
	}
	if err != nil || interval == 0 {
		return
	}
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for {
		began := time.Now()
		checkCtx, cancel := context.WithTimeout(ctx, interval)
		err := check(checkCtx)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Error().Err(err).Dur("took_ms", time.Since(began)).Msg("the daemon's own check failed; the service manager will end it unless the next succeeds")
		default:
			send(daemon.SdNotifyWatchdog)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
