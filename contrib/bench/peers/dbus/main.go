// Command dbus is the small call, and events as signals, through D-Bus: "serve"
// starts a dbus-daemon of its own and a service on it.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/message"
	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/round"
)

const (
	name      = "org.spacedrive.Bench" // of the service, and of its interface
	object    = dbus.ObjectPath("/org/spacedrive/Bench")
	startTime = 10 * time.Second
	retry     = 10 * time.Millisecond
)

func main() { round.Main(serve, load) }

// configuration of a bus for one user, without limits that would be met.
const configuration = `<busconfig>
  <type>session</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_message_size">1000000000</limit>
  <limit name="max_completed_connections">100000</limit>
  <limit name="max_incomplete_connections">10000</limit>
  <limit name="max_connections_per_user">100000</limit>
  <limit name="max_match_rules_per_connection">50000</limit>
  <limit name="max_replies_per_connection">50000</limit>
</busconfig>
`

func serve(address string) error {
	file := filepath.Join(filepath.Dir(address), filepath.Base(address)+".conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, configuration, address), 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	daemon := exec.Command("dbus-daemon", "--config-file="+file, "--nofork", "--nopidfile", "--nosyslog")
	daemon.Stderr = os.Stderr
	if err := daemon.Start(); err != nil {
		return err
	}
	defer func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	}()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	conn, err := connectUntil(address)
	if err != nil {
		return err
	}
	if err := conn.Export(&service{conn}, object, name); err != nil {
		return err
	}
	if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
		return err
	}
	<-stop
	return nil
}

func connect(address string) (*dbus.Conn, error) { return dbus.Connect("unix:path=" + address) }

func connectUntil(address string) (*dbus.Conn, error) {
	for deadline := time.Now().Add(startTime); ; time.Sleep(retry) {
		conn, err := connect(address)
		if err == nil || time.Now().After(deadline) {
			return conn, err
		}
	}
}

// service is what is called.
type service struct{ conn *dbus.Conn }

// Small says it again.
func (*service) Small(name string, size int64) (string, int64, *dbus.Error) { return name, size, nil }

// payload is as long as an event.
var payload = strings.Repeat("x", 200)

// Publish emits signals.
func (s *service) Publish(events int64) *dbus.Error {
	for range events {
		if err := s.conn.Emit(object, name+".Changed", payload); err != nil {
			return dbus.MakeFailedError(err)
		}
	}
	return nil
}

func load(f round.Flags, address string) (round.Measure, error) {
	if f.Mode == "fanout" {
		return fanout(f, address)
	}
	return round.Calls(f, func() (func() error, error) {
		o, err := ready(address)
		return func() error {
			var got message.Small
			if err := o.Call(name+".Small", 0, message.ASmall.Name, message.ASmall.Size).Store(&got.Name, &got.Size); err != nil {
				return err
			}
			return message.Check(got)
		}, err
	})
}

// ready connects and waits until the service has its name.
func ready(address string) (dbus.BusObject, error) {
	conn, err := connect(address)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(startTime); ; time.Sleep(retry) {
		var there bool
		err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there)
		switch {
		case err != nil:
			return nil, err
		case there:
			return conn.Object(name, object), nil
		case time.Now().After(deadline):
			return nil, fmt.Errorf("nobody has the name %s", name)
		}
	}
}
