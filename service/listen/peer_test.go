package listen

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestPeer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := Bind(path, "default", Admission{})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	served, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	peer, err := Admission{}.Peer(served)
	if err != nil || peer.UID != os.Geteuid() || peer.PID != os.Getpid() {
		t.Errorf("%+v, %v", peer, err)
	}
	served.Close()
	if peer, err := (Admission{}).Peer(served); !protocol.HasCode(err, protocol.PermissionDenied) || peer.UID != -1 {
		t.Errorf("a connection that is closed: %+v, %v", peer, err)
	}
	pipe, other := net.Pipe()
	defer pipe.Close()
	defer other.Close()
	if peer, err := (Admission{}).Peer(pipe); !protocol.HasCode(err, protocol.PermissionDenied) || peer.UID != -1 {
		t.Errorf("no socket at all: %+v, %v", peer, err)
	}
}

func TestAdmit(t *testing.T) {
	for name, want := range map[string]int{"root": 0, "0": 0, "4711": 4711} {
		if a, err := Admit(name); err != nil || a.gid != want || a.Group() != name {
			t.Errorf("%q: %+v, %v", name, a, err)
		}
	}
	if a, err := Admit(""); err != nil || a != (Admission{}) {
		t.Errorf("no group: %+v, %v", a, err)
	}
	for _, name := range []string{"no such group", "-1", "4294967295", "4294967296", "1.5"} {
		if a, err := Admit(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %+v, %v", name, a, err)
		}
	}
}

func TestBarrier(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NOT TESTED: giving a folder to a group takes root")
	}
	const group = 4711
	who, err := Admit(strconv.Itoa(group))
	if err != nil {
		t.Fatal(err)
	}
	outer, err := os.MkdirTemp("", "barrier")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(outer) })
	inner := filepath.Join(outer, "inner")
	for _, tt := range []struct {
		outer, inner os.FileMode
		gid          int
		want         string
	}{
		{0o755, 0o755, 0, ""},
		{0o700, 0o755, 0, outer},
		{0o755, 0o700, 0, inner},
		{0o755, 0o710, 0, inner}, // another group's
		{0o755, 0o710, group, ""},
		{0o755, 0o701, group, inner}, // for all but the group
	} {
		if err := os.MkdirAll(inner, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{os.Chown(inner, -1, tt.gid), os.Chmod(inner, tt.inner), os.Chmod(outer, tt.outer)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := who.Barrier(filepath.Join(inner, "s")); got != tt.want {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}
