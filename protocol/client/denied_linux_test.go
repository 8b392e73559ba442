package client

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Users and a group that nobody else has. They need no names.
const (
	ann, bob = 54321, 54322
	friends  = 54400
)

// asBob calls f on a thread that the file system takes for bob's, who is in no
// other group than his own.
func asBob(t *testing.T, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked, so that the thread ends here
		if _, _, no := syscall.RawSyscall(syscall.SYS_SETGROUPS, 0, 0, 0); no != 0 {
			done <- no
			return
		}
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSGID, bob, 0, 0)
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, bob, 0, 0)
		f()
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestWhichGroupIsToBeJoined: one that the socket is open to, and never one
// that a folder on the way happens to be open to.
func TestWhichGroupIsToBeJoined(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: giving files to other users takes root")
	}
	place := func(uid, gid int, mode os.FileMode) (home, path string) {
		dir, err := os.MkdirTemp("", "denied")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		home = filepath.Join(dir, "home")
		path = filepath.Join(home, "s.sock")
		for _, err := range []error{os.Chmod(dir, 0o755), os.Mkdir(home, 0o700), os.Chown(home, uid, gid), os.Chmod(home, mode)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return home, path
	}
	for _, tt := range []struct {
		name                string
		homeUID, homeGID    int
		home                os.FileMode
		socketUID, socketID int
		socket              os.FileMode
		denied, join        string // join: the group that is named
	}{
		{"a home of Ubuntu's", ann, ann, 0o750, ann, friends, 0o660, "home", ""},
		{"a home of a shared group", ann, friends, 0o750, ann, friends, 0o660, "home", ""},
		{"root's home of Red Hat's", 0, 0, 0o550, 0, friends, 0o660, "home", ""},
		{"a group's socket", 0, 0, 0o755, 0, friends, 0o660, "socket", fmt.Sprint(friends)},
		{"a group's socket that it may only read", 0, 0, 0o755, 0, friends, 0o640, "socket", ""},
		{"a socket of root's group", 0, 0, 0o755, 0, 0, 0o660, "socket", ""},
		{"a socket of its owner's own group", 0, 0, 0o755, ann, ann, 0o660, "socket", ""},
		{"a private socket", 0, 0, 0o755, ann, friends, 0o600, "socket", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			home, path := place(tt.homeUID, tt.homeGID, tt.home)
			for _, err := range []error{os.Chown(path, tt.socketUID, tt.socketID), os.Chmod(path, tt.socket)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			var err error
			asBob(t, func() {
				var c *Client
				if c, err = Dial(t.Context(), Socket(path)); err == nil {
					c.Close()
				}
			})
			var wire *protocol.Error
			if !errors.As(err, &wire) || wire.Details["reason"] != ReasonPermission {
				t.Fatalf("the error is %v", err)
			}
			if at := map[string]string{"home": home, "socket": path}[tt.denied]; wire.Details["denied_by"] != protocol.Path(at) {
				t.Errorf("denied by %v, not by %s", wire.Details["denied_by"], at)
			}
			want := "as the user whose daemon it is"
			if tt.join != "" {
				want = "sudo usermod -aG " + tt.join + " "
			}
			if !strings.Contains(wire.Hint, want) || tt.join == "" && strings.Contains(wire.Error()+wire.Hint, "group") {
				t.Errorf("it says %q (%s), and wants %q", wire, wire.Hint, want)
			}
		})
	}
}

// TestTheMachinesDaemonInvitesItsGroup: be it that its user has the group's
// name, or that its folder is closed, too.
func TestTheMachinesDaemonInvitesItsGroup(t *testing.T) {
	socket := config.SystemSocketPath(config.DefaultInstance)
	own := &syscall.Stat_t{Uid: friends, Gid: friends}
	for where, mode := range map[string]fs.FileMode{socket: 0o660, filepath.Dir(socket): 0o710} {
		if got := groupToJoin(socket, where, mode, own); got != fmt.Sprint(friends) {
			t.Errorf("denied by %s: group %q", where, got)
		}
		if got := groupToJoin(socket, where, mode, &syscall.Stat_t{}); got != "" {
			t.Errorf("denied by %s: root's group %q", where, got)
		}
	}
	if got := groupToJoin(socket, filepath.Dir(filepath.Dir(socket)), 0o750, own); got != "" {
		t.Errorf("denied by a folder above: group %q", got)
	}
}
