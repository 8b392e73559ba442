package listen

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// handed returns a copy of a socket's descriptor, which is left to whoever
// takes it, as launchd leaves those that it hands over.
func handed(t *testing.T, of interface{ File() (*os.File, error) }) int {
	t.Helper()
	f, err := of.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err := syscall.Dup(int(f.Fd())) // without close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func listenAt(t *testing.T, network, path string) *net.UnixListener {
	t.Helper()
	ln, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false) // launchd's
	t.Cleanup(func() { ln.Close() })
	return ln
}

func TestLaunchdsSocketsAreTaken(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	held := map[string][]int{
		"default": {handed(t, listenAt(t, "unix", path("a"))), handed(t, listenAt(t, "unix", path("b")))},
		"dev":     {handed(t, listenAt(t, "unix", path("c")))},
		"Not it":  {handed(t, listenAt(t, "unix", path("d")))},
	}
	var asked []string
	all, err := fromLaunchd([]string{"dev", "Not it", "absent"}, func(name string) ([]int, error) {
		asked = append(asked, name)
		if fds := held[name]; fds != nil {
			return fds, nil
		}
		return nil, syscall.ESRCH
	})
	if err != nil || !slices.Equal(asked, []string{"dev", "Not it", "absent", "default"}) {
		t.Errorf("asked for %q, %v", asked, err)
	}
	found := make(map[string]*Listener)
	for _, l := range all {
		found[string(l.Path())] = l
	}
	for name, instance := range map[string]string{"a": "default", "b": "default", "c": "dev", "d": ""} {
		l := found[path(name)]
		if l == nil || l.Origin != Launchd || (l.Refuse != nil) != (instance == "") || instance != "" && l.Instance != instance {
			t.Errorf("%s is %+v", name, l)
			continue
		}
		raw, err := l.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(fd uintptr) {
			if flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("%s would be a child's too: %v", name, err)
			}
		})
		client, err := net.Dial("unix", path(name))
		if err != nil {
			t.Fatal(err)
		}
		if nc, err := l.Accept(); err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			nc.Close()
		}
		client.Close()
		l.Close()
		if _, err := os.Lstat(path(name)); err != nil {
			t.Errorf("the socket %s is gone: %v", name, err)
		}
	}
	for _, fd := range slices.Concat(held["default"], held["dev"], held["Not it"]) {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			t.Errorf("the descriptor %d is left open", fd)
		}
	}
}

func TestWhatLaunchdRefuses(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.ESRCH:    "", // no job of launchd's
		syscall.ENOENT:   "", // no such key under Sockets
		syscall.EALREADY: "before",
		syscall.EINVAL:   "does not hand",
	} {
		all, err := fromLaunchd([]string{"default"}, func(string) ([]int, error) { return nil, errno })
		if len(all) != 0 || (err == nil) != (want == "") {
			t.Errorf("%v: %v, %v", errno, all, err)
		}
		if err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"default"`) || !errors.Is(err, errno)) {
			t.Errorf("%v: %v", errno, err)
		}
	}
}

func TestWhatIsNoListeningUnixSocket(t *testing.T) {
	dir := t.TempDir()
	good := listenAt(t, "unix", filepath.Join(dir, "good"))
	conn, err := net.Dial("unix", filepath.Join(dir, "good"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	served, err := good.Accept() // as Accept=yes hands over
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { served.Close() })
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	file, err := os.Create(filepath.Join(dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	fileFD, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	for name, fd := range map[string]int{
		"a TCP listener":   handed(t, tcp.(*net.TCPListener)),
		"packets":          handed(t, listenAt(t, "unixpacket", filepath.Join(dir, "packet"))),
		"a connection":     handed(t, conn.(*net.UnixConn)),
		"another's end":    handed(t, served.(*net.UnixConn)),
		"a file":           fileFD,
		"no descriptor":    -1,
		"a closed one too": 1 << 20,
	} {
		goodFD := handed(t, good)
		all, err := fromLaunchd([]string{"default"}, func(string) ([]int, error) { return []int{fd, goodFD}, nil })
		if len(all) != 1 || err == nil || !strings.Contains(err.Error(), `the socket named "default"`) {
			t.Errorf("%s: %d sockets, %v", name, len(all), err)
		}
		for _, l := range all {
			l.Close()
		}
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			t.Errorf("%s is left open", name)
		}
	}
}
