package packaging

import "github.com/spacedrive-go/spacedrive/protocol"

// Control starts, stops or restarts the instance's service and waits until
// systemd has done so. Its socket stays as it is, and while it listens the
// next connection starts a stopped service again.
func Control(o Options, action string) error { return control(o, action, ServiceUnit(o.Instance)) }

// ControlSocket does the same with the instance's socket. The service goes with it when
// it stops, and waits for the next connection when it starts.
func ControlSocket(o Options, action string) error { return control(o, action, SocketUnit(o.Instance)) }

func control(o Options, action, unit string) error {
	switch action {
	case "start", "stop", "restart":
	default:
		return protocol.Invalid("action", "no action %q", action).WithHint("one of start, stop, restart")
	}
	states, err := States(o)
	if err != nil {
		return err
	}
	for _, u := range states {
		if !u.Installed() {
			return protocol.Errorf(protocol.NotFound, "the unit %s is not installed", u.Name).
				WithHint("run spacedrive service install")
		}
	}
	_, err = systemctl(action, unit)
	return err
}
