package event_test

import (
	"fmt"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/event"
)

// BenchmarkPublish measures what an event costs its publisher and its
// subscribers, without connections.
func BenchmarkPublish(b *testing.B) {
	library, job := protocol.NewID(), protocol.NewID()
	location := api.LocationUpdated.New(api.LocationEvent{Path: "/home/ada/Photos", Name: "Photos", State: api.Online})
	entries := api.EntriesChanged.New(api.EntriesChangedEvent{Location: "/home/ada", Created: 1, Paths: []api.Path{"/home/ada/a/file.txt"}})
	progress := api.JobUpdate.New(api.JobEvent{Kind: "index", Status: api.JobRunning, Progress: api.Progress{Phase: "scan", Done: 1, Current: "/home/ada/a"}})
	line := api.LogMessage.New(api.LogEvent{Level: protocol.Info, Target: "server", Message: "a call ended", Fields: map[string]any{"method": "core.status", "took_ms": 12.0}})
	location.LibraryID, entries.LibraryID, progress.LibraryID, progress.JobID = library, library, library, job
	for _, bm := range []struct {
		name string
		ev   protocol.Event
		req  protocol.SubscribeRequest
	}{
		{"location by library", location, protocol.SubscribeRequest{EventTypes: []protocol.EventType{"LocationUpdated"}, Filter: protocol.Filter{LibraryID: library}}},
		{"location unwanted", location, protocol.SubscribeRequest{EventTypes: []protocol.EventType{"JobUpdate"}}},
		{"entries by path", entries, protocol.SubscribeRequest{Filter: protocol.Filter{Path: "/home/ada"}}},
		{"progress", progress, protocol.SubscribeRequest{}},
		{"log by level", line, protocol.SubscribeRequest{EventTypes: []protocol.EventType{"LogMessage"}, Filter: protocol.Filter{MinLevel: "info", Target: "ser"}}},
	} {
		for _, n := range []int{0, 1, 100} {
			b.Run(fmt.Sprintf("%s/%d", bm.name, n), func(b *testing.B) {
				bus := event.NewBus(protocol.NewID())
				subs := make([]*event.Subscription, n)
				for i := range subs {
					subs[i] = bus.Subscribe(&bm.req, protocol.JSON, func() {})
				}
				var taken [64]event.Delivery
				b.ReportAllocs()
				for b.Loop() {
					for range len(taken) {
						bus.Publish(bm.ev)
					}
					for _, s := range subs {
						for more := true; more; {
							_, more = s.Take(taken[:], 1<<20)
						}
					}
				}
			})
		}
	}
}
