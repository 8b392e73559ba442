package instance_test

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/instance"
)

// Whoever waited for an instance to open may come to see it closed again.
func TestWhatIsClosedAtTheEndIsNotOpenedAgain(t *testing.T) {
	m := instance.NewManager(instance.Options{
		BootID: protocol.NewID(), DataDir: t.TempDir(), Log: zerolog.Nop(),
		Register: func(*instance.Instance) {}, Publish: func(*instance.Instance) {},
		Broken: func() error { return nil }, Migrating: func(string, string) {},
	})
	i := m.Get("default")
	if err := i.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := i.Ready(t.Context()); !protocol.HasCode(err, protocol.CoreUnavailable) {
		t.Errorf("after the end: %v", err)
	}
	if s := i.Status().State; s != string(instance.Closed) {
		t.Errorf("the instance is %s", s)
	}
}

func TestAPanicWhileOpeningFailsTheInstanceAlone(t *testing.T) {
	m := instance.NewManager(instance.Options{
		BootID: protocol.NewID(), DataDir: t.TempDir(), Log: zerolog.Nop(),
		Register: func(*instance.Instance) {}, Publish: func(*instance.Instance) {},
		Broken: func() error { panic("a bug") }, Migrating: func(string, string) {},
	})
	i := m.Get("default")
	if err := i.Ready(t.Context()); !protocol.HasCode(err, protocol.CoreUnavailable) || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("%v", err)
	}
	if s := i.Status(); s.State != string(instance.Failed) {
		t.Errorf("the instance is %s", s.State)
	}
}
