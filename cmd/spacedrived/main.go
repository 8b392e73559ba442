// Spacedrived is the daemon: it keeps the index and serves clients on a unix
// socket, inherited from systemd or launchd or its own.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	kardianos "github.com/kardianos/service"

	"github.com/spacedrive-go/spacedrive/service"
	"github.com/spacedrive-go/spacedrive/service/listen"
)

func main() {
	// Nobody reads a heap profile of the daemon. Importing runtime/pprof, which
	// core.debug needs for goroutines, would turn it on.
	runtime.MemProfileRate = 0
	p := &program{end: make(chan os.Signal, 1), reload: make(chan os.Signal, 1), debug: make(chan os.Signal, 1)}
	activated := listen.Activated()
	if activated {
		p.listen()
	}
	o, err := parse(os.Args[1:])
	if err != nil && activated {
		o, err = refusing(os.Args[1:], err), nil
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "spacedrived:", err)
		os.Exit(2)
	}
	if err := p.run(o); err != nil {
		fmt.Fprintln(os.Stderr, "spacedrived:", err)
		os.Exit(1)
	}
}

func (p *program) run(o options) error {
	if o.stdio {
		return service.ServeStdio(o.Options, o.Instances[0], o.system)
	}
	p.listen()
	p.options = o.Options
	// kardianos/service asks the init system for nothing here: it runs the
	// program and stops it on SIGTERM and SIGINT. RunWait adds the
	// daemon's own reasons to end.
	svc, err := kardianos.New(p, &kardianos.Config{Name: "spacedrive", Option: kardianos.KeyValue{"RunWait": p.wait}})
	if err != nil {
		return err
	}
	return svc.Run()
}

// program is the daemon as kardianos/service runs it.
type program struct {
	options service.Options
	end     chan os.Signal
	reload  chan os.Signal // not end: many of them must not displace a SIGTERM
	debug   chan os.Signal
	daemon  *service.Daemon
	reason  string
}

// listen subscribes to signals. An activated daemon calls it first: before it,
// SIGTERM and SIGHUP kill the process, which systemd takes for a failed start and
// repeats.
func (p *program) listen() {
	signal.Notify(p.end, syscall.SIGTERM, syscall.SIGINT)
	signal.Notify(p.reload, syscall.SIGHUP)
	signal.Notify(p.debug, syscall.SIGUSR1)
	// The reader of stderr may be gone.
	signal.Ignore(syscall.SIGPIPE)
}

func (p *program) Start(kardianos.Service) (err error) {
	p.daemon, err = service.Start(p.options, false)
	return err
}

func (p *program) wait() {
	for {
		select {
		case s := <-p.end:
			p.reason = "signal: " + s.String()
			return
		case <-p.reload:
			p.daemon.Reload()
		case <-p.debug:
			p.daemon.WriteDebug()
		case p.reason = <-p.daemon.Done():
			return
		}
	}
}

func (p *program) Stop(kardianos.Service) error {
	p.daemon.Stop(p.reason)
	return nil
}
