package protocol_test

import (
	"bytes"
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

func BenchmarkDecode(b *testing.B) {
	for _, enc := range encodings {
		frame := answer(b, enc, listing(10_000))
		b.Run(enc.String()+"/reply", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if _, err := protocol.ParseReply(enc, frame); err != nil {
					b.Fatal(err)
				}
			}
		})
		reply, err := protocol.ParseReply(enc, frame)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(enc.String()+"/payload", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				var out api.SearchResult
				if err := reply.Payload.Decode(&out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// answer returns the frame that answers a call with v.
func answer(tb testing.TB, enc protocol.Encoding, v any) []byte {
	tb.Helper()
	stream, err := protocol.AppendResult(nil, enc, &protocol.Request{ID: 1, Encoding: enc}, 2, v)
	if err != nil {
		tb.Fatal(err)
	}
	frame, err := protocol.NewFrameReader(bytes.NewReader(stream), enc, nil).Next()
	if err != nil {
		tb.Fatal(err)
	}
	return frame
}
