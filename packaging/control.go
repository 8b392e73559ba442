package packaging

import "github.com/spacedrive-go/spacedrive/protocol"

// Control starts, stops or restarts the instance's service and waits until
// that is done. Under systemd its socket stays as it is, and while it listens
// the next connection starts a stopped service again.
func Control(o Options, action string) error {
	if err := o.detect(); err != nil {
		return err
	}
	states, err := StatesOf(o)
	if err != nil {
		return err
	}
	if !states.Service.Installed() {
		return notInstalled(o, states.Service.Name)
	}
	c, err := controller(o, nil)
	if err != nil {
		return err
	}
	switch action {
	case "start":
		err = c.Start()
	case "stop":
		err = c.Stop()
	case "restart":
		err = c.Restart()
	default:
		return protocol.Invalid("action", "no action %q", action).WithHint("one of start, stop, restart")
	}
	if err != nil && o.Manager != Systemd { // the library's error lacks what the command printed
		command := commandOf(o, action)
		return protocol.Errorf(protocol.OperationFailed, "%s: %w", command, err).WithHint("run it yourself to see why: %s", command)
	}
	return err
}

// commandOf returns the command by which a person controls the service under a
// manager other than systemd.
func commandOf(o Options, action string) string {
	switch o.Manager {
	case OpenRC:
		return "rc-service " + ScriptName(o.Instance) + " " + action
	case SysV:
		return "service " + ScriptName(o.Instance) + " " + action
	}
	plist := "~/Library/LaunchAgents/" + Label(o.Instance) + ".plist"
	if o.System {
		plist = "/Library/LaunchDaemons/" + Label(o.Instance) + ".plist"
	}
	unload, load := "launchctl unload "+plist, "launchctl load "+plist
	switch action {
	case "start":
		return load
	case "stop":
		return unload
	}
	return unload + " && " + load
}

// ControlSocket does the same with the instance's socket. Stopping the socket stops
// the service too; after starting it, the service starts at the next connection.
// Under a manager without sockets of their own it calls Control.
func ControlSocket(o Options, action string) error {
	if err := o.detect(); err != nil {
		return err
	}
	if o.Manager != Systemd {
		return Control(o, action)
	}
	states, err := StatesOf(o)
	if err != nil {
		return err
	}
	if !states.Socket.Installed() {
		return notInstalled(o, states.Socket.Name)
	}
	_, err = systemctl(o.System, action, states.Socket.Name)
	return err
}

func notInstalled(o Options, name string) error {
	return protocol.Errorf(protocol.NotFound, "%s is not installed", name).WithHint("run %s", o.installCommand())
}

// installCommand returns the command that installs the service of o.
func (o Options) installCommand() string {
	if o.System {
		return "sudo spacedrive --system service install"
	}
	return "spacedrive service install"
}
