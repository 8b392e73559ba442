package protocol_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func status() *api.Status {
	home := api.InstanceStatus{Name: "default", DataDir: "/home/user/.local/share/spacedrive", State: "open"}
	return &api.Status{
		Version: "0.3.0", PID: 4242, BootID: protocol.NewID(), StartedAt: time.Unix(1_700_000_000, 123_456_789), UptimeMS: 86_400_000,
		Instance: home, Instances: []api.InstanceStatus{home}, Activation: "systemd",
		Listeners: []api.Listener{{Instance: "default", Path: "/home/user/.local/share/spacedrive/daemon/daemon.sock", Origin: "systemd"}},
		Libraries: []api.LibraryStatus{{ID: protocol.NewID(), Name: "Photos", State: "open"}},
		Memory:    api.Memory{Resident: 50 << 20, Heap: 20 << 20}, Network: "off",
	}
}

func listing(n int) *api.SearchResult {
	out := &api.SearchResult{Hits: make([]api.Hit, n), Total: int64(n), TookMS: 12}
	location := protocol.NewID()
	for i := range out.Hits {
		path := api.Path(fmt.Sprintf("/home/user/pictures/2024/holiday/IMG_%05d.jpg", i))
		modified := time.Unix(1_700_000_000, int64(i)*1_000_003).UTC()
		out.Hits[i] = api.Hit{
			Path: path, Score: 0.75, Highlights: []api.Highlight{{Start: 0, End: 3}},
			Entry: api.Entry{
				ID: protocol.NewID(), Path: path, Name: path[33:], Kind: "image", Size: 1_234_567 + int64(i),
				ModifiedAt: modified, CreatedAt: modified.Add(-time.Hour), LocationID: location,
			},
		}
	}
	return out
}

func BenchmarkEncode(b *testing.B) {
	for name, v := range map[string]any{"status": status(), "listing": listing(10_000)} {
		for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
			for by, appendTo := range map[string]func([]byte, any) ([]byte, error){"plan": enc.Append, "library": enc.AppendByLibrary} {
				b.Run(fmt.Sprintf("%s/%v/%s", name, enc, by), func(b *testing.B) {
					var buf []byte
					b.ReportAllocs()
					for b.Loop() {
						var err error
						if buf, err = appendTo(buf[:0], v); err != nil {
							b.Fatal(err)
						}
					}
					b.SetBytes(int64(len(buf)))
				})
			}
		}
	}
}
