package service

import (
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
)

// ServeStdio serves one session on stdin and stdout: it passes the bytes to
// the daemon's socket where one answers, and serves them itself only where
// none does, so that two daemons never meet over the same data.
func ServeStdio(o Options, name string) error {
	path := o.Config.Socket
	if path == "" {
		path = config.SocketPath(o.Config.DataDir, name)
	}
	if conn, err := net.Dial("unix", path); err == nil {
		return relay(conn.(*net.UnixConn))
	}
	d, err := Start(o, true)
	if err != nil {
		return err
	}
	d.server.ServeConn(stdio{}, d.instances.Get(name), registry.Peer{UID: os.Geteuid(), PID: os.Getppid()})
	reason := "the session has ended"
	d.Stop(reason)
	return nil
}

// relay passes bytes both ways until the daemon has closed the connection. The
// end of stdin becomes a half-close, as `nc -N` makes one.
func relay(conn *net.UnixConn) error {
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.CloseWrite()
	}()
	_, err := io.Copy(os.Stdout, conn)
	return err
}

// stdio is stdin and stdout as a connection.
type stdio struct{}

var closeStdio sync.Once

func (stdio) Read(p []byte) (int, error)  { return os.Stdin.Read(p) }
func (stdio) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

func (stdio) Close() error {
	closeStdio.Do(func() {
		os.Stdin.Close()
		os.Stdout.Close()
	})
	return nil
}

func (stdio) LocalAddr() net.Addr                { return &net.UnixAddr{Name: "stdio", Net: "unix"} }
func (stdio) RemoteAddr() net.Addr               { return &net.UnixAddr{Name: "stdio", Net: "unix"} }
func (stdio) SetDeadline(t time.Time) error      { return os.Stdin.SetDeadline(t) }
func (stdio) SetReadDeadline(t time.Time) error  { return os.Stdin.SetReadDeadline(t) }
func (stdio) SetWriteDeadline(t time.Time) error { return os.Stdout.SetWriteDeadline(t) }
