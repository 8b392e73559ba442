package client

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// TestDialWaitsForAFullQueue has more clients connect than the listener's
// queue holds, before it accepts the first: Linux refuses them with EAGAIN.
func TestDialWaitsForAFullQueue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), path)
	l, err := net.FileListener(file)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()

	var queued []net.Conn
	for full := false; !full; {
		c, err := net.Dial("unix", path)
		if full = err != nil; !full {
			queued = append(queued, c)
		}
	}
	var clients, server sync.WaitGroup
	for range 10 {
		clients.Go(func() {
			c, err := Dial(t.Context(), patient(Socket(path)))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); err != nil {
				t.Error(err)
			}
		})
	}
	server.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			server.Go(func() {
				defer c.Close()
				plainServer(0, newPeer(c))
			})
		}
	})
	clients.Wait()
	for _, c := range queued {
		c.Close()
	}
	l.Close()
	server.Wait()
}
