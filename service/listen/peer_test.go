package listen

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestPeer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	ln, err := Bind(path, "default")
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
	peer, err := Peer(served)
	if err != nil || peer.UID != os.Geteuid() || peer.PID != os.Getpid() {
		t.Errorf("%+v, %v", peer, err)
	}
	served.Close()
	if _, err := Peer(served); !protocol.HasCode(err, protocol.PermissionDenied) {
		t.Errorf("a connection that is closed: %v", err)
	}
	pipe, other := net.Pipe()
	defer pipe.Close()
	defer other.Close()
	if _, err := Peer(pipe); !protocol.HasCode(err, protocol.PermissionDenied) {
		t.Errorf("no socket at all: %v", err)
	}
}
