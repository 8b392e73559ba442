// Package notify reports the daemon's state to the service manager
// (sd_notify(3)) and serves its watchdog. Without a service manager that
// listens, its functions do nothing.
package notify

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
)

// Ready reports that the daemon has started, or has finished reloading.
func Ready() { send(daemon.SdNotifyReady) }

// Stopping reports that the daemon is stopping. Connections made from now on are
// for the next process.
func Stopping() { send(daemon.SdNotifyStopping) }

// Status sets the one-line status that systemctl status shows.
func Status(format string, args ...any) {
	send("STATUS=" + strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " "))
}

// Reloading reports that the configuration is being reloaded. Call Ready at the
// end.
func Reloading() { send(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()) }

// KeepExtending extends the time allowed to start by d, every d/6, until done is
// closed. A start that takes less than d/6 extends nothing.
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
	// An error has no consequence and nobody to report it to.
	_, _ = daemon.SdNotify(false, state)
}

// Watchdog calls check twice in each watchdog interval of the service manager,
// and reports that the daemon is alive if check returns nil in time. It returns
// when ctx is done, or at once if there is no watchdog.
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
