// Package service is the daemon. Run starts its parts in order and stops them
// in the reverse; the parts themselves are in the folders below.
package service

import (
	"cmp"
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/service/instance"
	"github.com/spacedrive-go/spacedrive/service/listen"
	"github.com/spacedrive-go/spacedrive/service/logs"
	"github.com/spacedrive-go/spacedrive/service/notify"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// drainTime is how long running calls, and then jobs, may take to end when the
// daemon stops.
const drainTime = 5 * time.Second

// Options configure a daemon.
type Options struct {
	Version   string
	Config    config.Config
	ConfigErr error                         // if set, why Config is only the default
	Reload    func() (config.Config, error) // reads the configuration again
	Instances []string                      // to listen for if no socket is inherited
}

// A Daemon is a running daemon.
type Daemon struct {
	opts      Options
	bootID    protocol.ID
	started   time.Time
	admission listen.Admission

	mu        sync.Mutex
	config    config.Config
	configErr error

	logs      *logs.Logs
	log       zerolog.Logger
	listeners []*listen.Listener
	instances *instance.Manager
	server    *server.Server
	memory    memoryGauge

	quit     chan string // the daemon's own reason to exit
	reloaded chan struct{}
	stopping atomic.Bool
	ready    sync.Once // READY was sent
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup
}

// Start starts the daemon on the sockets that it inherits, or else on its own. It
// returns when the daemon answers. With stdio, it uses no socket.
func Start(o Options, stdio bool) (*Daemon, error) {
	d := &Daemon{
		opts: o, config: o.Config, configErr: o.ConfigErr,
		bootID: protocol.NewID(), started: time.Now().UTC(),
		quit: make(chan string, 1), reloaded: make(chan struct{}, 1),
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	err := d.openLogs(stdio)
	if err != nil {
		return nil, err
	}
	if !stdio {
		if d.admission, err = listen.Admit(d.config.AdmitGroup); err != nil {
			d.configErr = cmp.Or(d.configErr, err)
		}
		if err := d.listen(); err != nil {
			d.log.Error().Err(err).Msg("cannot start")
			return nil, err
		}
	}
	d.makeInstances()
	d.server = server.New(server.Options{
		Limits: d.config.Limits, Hello: d.hello, Peer: d.admission.Peer, Program: listen.Program, Log: d.logger("server"),
		Shutdown: func() { d.Quit("a client asked for it") },
	})
	d.serve()
	d.wg.Go(func() {
		d.resume()
		// Not before: systemd takes an exit without READY for a failed start.
		if d.activated() {
			d.exitWhenIdle()
		}
	})
	d.wg.Go(func() { notify.Watchdog(d.ctx, d.log, d.check) })
	return d, nil
}

// resume opens the instances that have data, and then notifies the service manager.
// A migration may take longer than a start may, and clients are answered
// meanwhile, so resume asks for more time.
func (d *Daemon) resume() {
	opened := make(chan struct{})
	d.wg.Go(func() { notify.KeepExtending(opened, extension) })
	d.instances.Resume(d.ctx)
	close(opened)
	if d.stopping.Load() {
		return
	}
	d.ready.Do(notify.Ready)
	d.tellStatus()
}

// Done returns a channel that receives the reason when the daemon wants to exit.
func (d *Daemon) Done() <-chan string { return d.quit }

// Quit asks the daemon to exit. The first reason counts.
func (d *Daemon) Quit(reason string) {
	select {
	case d.quit <- reason:
	default:
	}
}

// Stop ends the daemon. Running calls, and then jobs, have drainTime each to
// finish; what remains of a job is resumed at the next start.
func (d *Daemon) Stop(reason string) {
	d.stopping.Store(true)
	// systemd takes an exit without READY for a failed start and repeats it:
	// it would start the daemon that someone has stopped.
	d.ready.Do(notify.Ready)
	notify.Stopping()
	d.log.Info().Str("reason", reason).Msg("stopping")
	for _, i := range d.instances.All() {
		d.publish(i, api.CoreShutdown, reason)
	}
	calls, cancelCalls := context.WithTimeout(context.Background(), drainTime)
	defer cancelCalls()
	d.server.Shutdown(calls)
	jobs, cancelJobs := context.WithTimeout(context.Background(), drainTime)
	defer cancelJobs()
	if err := d.instances.Close(jobs); err != nil {
		d.log.Error().Err(err).Msg("an instance did not close as it should")
	}
	d.cancel()
	d.wg.Wait()
	for _, ln := range d.listeners {
		ln.Close()
	}
	d.log.Info().Msg("stopped")
	d.logs.Close()
}

func (d *Daemon) openLogs(stdio bool) error {
	format := d.config.LogFormat
	if stdio && format == logs.Auto {
		format = logs.JSON // stderr belongs to the parent process
	}
	logs.SetLevel(protocol.Level(d.config.LogLevel))
	var err error
	if d.logs, err = logs.Open(format, logs.File(d.config.DataDir)); err != nil {
		return err
	}
	d.log = d.logger("daemon")
	d.log.Info().Str("version", d.opts.Version).Int("pid", os.Getpid()).Stringer("boot_id", d.bootID).Msg("starting")
	return nil
}

// logger returns a logger for the part of the daemon named target.
func (d *Daemon) logger(target string) zerolog.Logger {
	return d.logs.Logger().With().Str("target", target).Logger()
}

// listen takes the inherited sockets, or makes one for each instance.
func (d *Daemon) listen() (err error) {
	d.listeners, err = listen.Inherited(d.opts.Instances)
	if err != nil && len(d.listeners) > 0 {
		d.log.Error().Err(err).Msg("the other sockets are served")
		err = nil
	}
	if err != nil || len(d.listeners) > 0 {
		return err
	}
	if d.configErr != nil {
		return d.configErr
	}
	for _, name := range d.opts.Instances {
		path := d.config.Socket
		if path == "" {
			path = config.SocketPath(d.config.DataDir, name)
		}
		ln, err := listen.Bind(path, name, d.admission)
		if err != nil {
			for _, ln := range d.listeners {
				ln.Close()
			}
			return err
		}
		d.listeners = append(d.listeners, ln)
		if dir := d.admission.Barrier(path); dir != "" {
			d.log.Warn().Str("path", path).Msgf("the folder %s keeps the group %s from the socket; open it (chmod o+x), or choose another place with --socket", dir, d.admission.Group())
		}
	}
	return nil
}

// activation returns the creator of the daemon's sockets, which all have the same.
func (d *Daemon) activation() string {
	if len(d.listeners) == 0 {
		return listen.Stdio
	}
	return d.listeners[0].Origin
}

// activated reports whether a service manager holds the sockets.
func (d *Daemon) activated() bool {
	origin := d.activation()
	return origin == listen.Systemd || origin == listen.Launchd
}

func (d *Daemon) makeInstances() {
	d.instances = instance.NewManager(instance.Options{
		BootID: d.bootID, DataDir: d.config.DataDir, Log: d.logs.Logger(),
		Register: func(i *instance.Instance) {
			d.bindStatus(i)
			d.bindDebug(i)
			i.Registry().Complete()
		},
		Publish: func(i *instance.Instance) {
			d.logs.Attach(i.Name(), i.Bus().Publish)
			d.publish(i, api.CoreStarted, "")
		},
		Broken: func() error {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.configErr
		},
		Migrating: func(name, progress string) {
			notify.Status("Instance %s: %s", name, progress)
		},
	})
}

// extension is the time that the daemon asks for repeatedly while instances are
// being opened.
const extension = time.Minute

func (d *Daemon) publish(i *instance.Instance, t protocol.EventOf[api.CoreEvent], reason string) {
	i.Bus().Publish(t.New(api.CoreEvent{Version: d.opts.Version, Reason: reason}))
}

func (d *Daemon) serve() {
	for _, ln := range d.listeners {
		d.log.Info().Str("instance", ln.Instance).Str("path", string(ln.Path())).Str("origin", ln.Origin).Msg("listening")
		d.server.Expect(ln.UnixListener, ln.Origin == listen.Own)
		d.wg.Go(func() {
			if ln.Refuse != nil {
				d.server.Refuse(ln.UnixListener, ln.Refuse)
				return
			}
			d.server.Serve(ln.UnixListener, d.instances.Get(ln.Instance))
		})
	}
}

// Reload reads the configuration again. Limits, the log level and the idle time
// change at once, the rest needs a restart. A changed group is logged, so that
// nobody thinks its former members are refused.
func (d *Daemon) Reload() {
	notify.Reloading()
	defer notify.Ready()
	fresh, err := d.opts.Reload()
	var admission listen.Admission
	if err == nil {
		admission, err = listen.Admit(fresh.AdmitGroup)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.log.Error().Err(err).Msg("the configuration was read again and is bad; what was in force stays")
		notify.Status("The configuration is bad: %v", err)
		return
	}
	if d.configErr != nil && (fresh.DataDir != d.config.DataDir || admission != d.admission) {
		// The instances use the default data folder and stay closed, or
		// the group is not admitted.
		d.log.Info().Msg("the configuration is good now, and takes a restart")
		d.Quit("the configuration was fixed")
		return
	}
	if admission != d.admission {
		d.log.Warn().Str("in_force", d.admission.Group()).Str("configured", admission.Group()).
			Msg("admit_group has changed, and that takes a restart; until then whoever was admitted is")
	}
	d.config, d.configErr = fresh, nil
	logs.SetLevel(protocol.Level(fresh.LogLevel))
	d.server.SetLimits(fresh.Limits)
	select {
	case d.reloaded <- struct{}{}:
	default: // the last reload is not handled yet
	}
	d.log.Info().Msg("configuration read again")
	d.tellStatus()
}

func (d *Daemon) idleTimeout() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return leastIdle(d.config.IdleTimeout, d.activation())
}

func (d *Daemon) tellStatus() {
	for _, i := range d.instances.Status() {
		if i.State == string(instance.Failed) {
			notify.Status("Instance %s cannot be opened: %s", i.Name, i.Error)
			return
		}
	}
	notify.Status("Serving %d socket(s)", len(d.listeners))
}
