package lab

import (
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestControlMovesServiceAndSocket(t *testing.T) {
	d := install(t)
	o := d.options()
	type control func(packaging.Options, string) error
	for _, step := range []struct {
		what            string
		do              control
		action          string
		socket, service string
	}{
		{"start", packaging.Control, "start", "active", "active"},
		{"stop", packaging.Control, "stop", "active", "inactive"},
		{"restart", packaging.Control, "restart", "active", "active"},
		{"stop the socket", packaging.ControlSocket, "stop", "inactive", "inactive"},
		{"start the socket", packaging.ControlSocket, "start", "active", "inactive"},
	} {
		if err := step.do(o, step.action); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		states, err := packaging.StatesOf(o)
		if err != nil {
			t.Fatal(err)
		}
		if socket, service := states.Socket, states.Service; socket.Active != step.socket || service.Active != step.service {
			t.Errorf("after %s: socket %s, service %s; want %s, %s", step.what, socket.Active, service.Active, step.socket, step.service)
		}
	}
	s := d.status()
	states, err := packaging.StatesOf(o)
	if err != nil {
		t.Fatal(err)
	}
	text := states.String()
	for _, want := range []string{"spacedrive.socket: active (running), enabled, at " + d.socket, "spacedrive.service: active (running), pid "} {
		if !strings.Contains(text, want) {
			t.Errorf("with the daemon %d running, the status lacks %q:\n%s", s.PID, want, text)
		}
	}
	if err := packaging.Control(o, "enable"); !protocol.HasCode(err, protocol.Validation) {
		t.Errorf("an unknown action ends with %v", err)
	}
}

func TestControlOfWhatIsNotInstalledSaysHowToInstall(t *testing.T) {
	d := clean(t)
	if err := packaging.Control(d.options(), "start"); !protocol.HasCode(err, protocol.NotFound) || !strings.Contains(err.Error(), "spacedrive service install") {
		t.Errorf("it ends with %v", err)
	}
	if states, err := packaging.StatesOf(d.options()); err != nil || strings.Count(states.String(), "not installed") != 2 {
		t.Errorf("the status is %q, %v", states, err)
	}
}
