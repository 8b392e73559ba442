package service

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
)

// ServeStdio serves one session on stdin and stdout. It passes the bytes to the
// daemon's socket if one answers, and serves them itself only if none does, so that
// no two daemons use the same data. If connecting fails for another reason, a daemon
// may be there: the session is answered with the reason, and ends.
//
// machines selects the machine's daemon at its own socket. The session is never
// served here then, because this user's data is other data.
func ServeStdio(o Options, name string, machines bool) error {
	path := o.Config.Socket
	switch {
	case machines:
		path = config.SystemSocketPath(name)
	case path == "":
		path = config.SocketPath(o.Config.DataDir, name)
	}
	machines = machines || path == config.SystemSocketPath(name)
	conn, err := dialDaemon(path)
	if err == nil {
		return relay(conn)
	}
	if machines || !absent(err) {
		return refuse(unreachable(path, machines, err))
	}
	return serveStdio(o, name)
}

// serveStdio serves a session on stdin and stdout with the data opened here.
func serveStdio(o Options, name string) error {
	// Both ends are sockets: stdin may be a file or a terminal, where a read
	// has no deadline and cannot be interrupted.
	here, there, err := socketPair()
	if err != nil {
		return err
	}
	signals, stopSignals := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stopSignals()
	d, err := Start(o, true)
	if err != nil {
		return err
	}
	served := make(chan struct{})
	go func() { // ends with Stop, unless a call is stuck
		d.server.ServeConn(there, d.instances.Get(name), registry.Peer{UID: os.Geteuid(), PID: os.Getppid()})
		close(served)
	}()
	relayed := make(chan error, 1)
	go func() { relayed <- relay(here) }()
	reason := "the session has ended"
	select {
	case <-served:
	case reason = <-d.Done():
	case <-signals.Done():
		reason = "a signal"
	case err = <-relayed: // nobody reads stdout
		d.Stop(reason)
		return err
	}
	d.Stop(reason)
	stopSignals() // the next signal ends the process at once
	var tooLong <-chan time.Time
	if signals.Err() != nil {
		tooLong = time.After(readTime)
	}
	select {
	case err = <-relayed:
		return err
	case <-tooLong:
		return fmt.Errorf("nobody reads the remaining answers")
	}
}

// readTime is how long the reader of stdout may take for the remaining answers when
// a signal ends the session.
const readTime = time.Second

// socketPair returns two connected sockets.
func socketPair() (a, b *net.UnixConn, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a pair of sockets: %w", err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "stdio")
		conn, fileErr := net.FileConn(f) // of a copy of fd
		f.Close()
		if fileErr != nil {
			err = fileErr
			continue
		}
		ends[i] = conn.(*net.UnixConn)
	}
	return ends[0], ends[1], err
}

// relay passes bytes both ways until the daemon has closed the connection. The end
// of stdin becomes a half-close, as with `nc -N`. A pending read of stdin ends with
// the process.
func relay(conn *net.UnixConn) error {
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.CloseWrite()
	}()
	_, err := io.Copy(os.Stdout, conn)
	return err
}
