package listen

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestASocketWhoseQueueIsFullIsNotStale: the kernel turns away who connects to
// it, though somebody listens.
func TestASocketWhoseQueueIsFullIsNotStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	waiting, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()

	l, err := Bind(path, "default", Admission{})
	if err == nil {
		l.Close()
		t.Fatal("the socket was taken from who listens on it")
	}
	if !strings.Contains(err.Error(), "somebody listens on "+path+" already") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestASocketOfAnotherTypeIsLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	other, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := Bind(path, "default", Admission{}); err == nil || !strings.Contains(err.Error(), "cannot tell whether somebody listens") {
		t.Errorf("%v", err)
	}
}
