package api_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// TestStatusAppendsWhatItsTagsSay compares the encoding by hand with the one
// by reflection, which keeps the former complete when a field is added.
func TestStatusAppendsWhatItsTagsSay(t *testing.T) {
	text := rapid.String()
	path := rapid.Custom(func(t *rapid.T) api.Path { return api.Path(rapid.SliceOf(rapid.ByteMin(1)).Draw(t, "path")) })
	instance := rapid.Custom(func(t *rapid.T) api.InstanceStatus {
		return api.InstanceStatus{Name: text.Draw(t, "n"), DataDir: path.Draw(t, "d"), State: text.Draw(t, "s"), Error: text.Draw(t, "e")}
	})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64()
		s := api.Status{
			Version: text.Draw(t, "version"), PID: rapid.Int().Draw(t, "pid"), BootID: protocol.NewID(),
			StartedAt: time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "started"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")),
			UptimeMS:  n.Draw(t, "uptime"), Instance: instance.Draw(t, "instance"),
			Instances:  rapid.SliceOfN(instance, 0, 3).Draw(t, "instances"),
			Activation: text.Draw(t, "activation"), Connections: rapid.Int().Draw(t, "connections"),
			Listeners: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) api.Listener {
				return api.Listener{Instance: text.Draw(t, "i"), Path: path.Draw(t, "p"), Origin: text.Draw(t, "o")}
			}), 0, 3).Draw(t, "listeners"),
			Libraries: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) api.LibraryStatus {
				return api.LibraryStatus{ID: protocol.NewID(), Name: text.Draw(t, "n"), State: text.Draw(t, "s"), Error: text.Draw(t, "e")}
			}), 0, 3).Draw(t, "libraries"),
			Jobs:          api.JobCounts{Running: rapid.Int().Draw(t, "r"), Queued: rapid.Int().Draw(t, "q"), Paused: rapid.Int().Draw(t, "p")},
			Subscriptions: api.SubscriptionCounts{Count: rapid.Int().Draw(t, "c"), Gaps: rapid.Uint64().Draw(t, "g")},
			Memory:        api.Memory{Resident: rapid.Uint64().Draw(t, "res"), Heap: rapid.Uint64().Draw(t, "heap")},
			Network:       text.Draw(t, "network"),
		}
		got, gotErr := s.AppendJSON([]byte("before"))
		type plain api.Status // has no AppendJSON
		want, wantErr := protocol.JSON.Append([]byte("before"), (*plain)(&s))
		if gotErr != nil || wantErr != nil || string(got) != string(want) {
			t.Fatalf("by hand %s, %v\nby tags %s, %v", got, gotErr, want, wantErr)
		}
	})
}
