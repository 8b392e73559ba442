// Package metrics writes the daemon's counters in the text format of Prometheus;
// see Text.
package metrics

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/instance"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// A Source has the parts whose counters are read.
type Source struct {
	Version   string
	Server    *server.Server
	Instances []*instance.Instance
	LogsLost  uint64 // lines
}

// Text reads all counters. It creates the collectors each time, because most daemons
// are never asked. Libraries that cannot be counted before ctx ends are left out.
func Text(ctx context.Context, from Source) (string, error) {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collector{ctx, from},
	)
	families, err := r.Gather()
	if err != nil {
		return "", fmt.Errorf("cannot collect the metrics: %w", err)
	}
	var text strings.Builder
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return "", fmt.Errorf("cannot write the metric %s: %w", family.GetName(), err)
		}
	}
	return text.String(), nil
}

// libraryTime is how long counting the libraries may take.
const libraryTime = time.Second

// A collector reads the daemon's counters on demand. They are plain numbers, so that
// counting costs next to nothing.
type collector struct {
	ctx context.Context
	Source
}

func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range table {
		out <- m.desc
	}
}

func (c collector) Collect(out chan<- prometheus.Metric) {
	w := writer(out)
	w.put(buildInfo, 1, c.Version)
	w.put(logLinesLost, float64(c.LogsLost))
	c.collectServer(w)
	ctx, cancel := context.WithTimeout(c.ctx, libraryTime)
	defer cancel()
	for _, i := range c.Instances {
		w.put(instanceOpen, flag(i.Opened()), i.Name())
		collectCalls(w, i)
		collectEvents(w, i)
		collectCore(ctx, w, i)
	}
}

func (c collector) collectServer(w writer) {
	n := c.Server.Counts()
	w.put(connections, float64(n.Connections))
	w.put(connectionsAccepted, float64(n.Accepted))
	w.putCodes(connectionsRefused, n.Refused)
	w.put(receivedBytes, float64(n.BytesIn))
	w.put(sentBytes, float64(n.BytesOut))
	w.put(callsInFlight, float64(n.Calls))
	w.put(unknownCalls, float64(n.Unknown))
	w.putCodes(messagesRefused, n.Unreadable)
	w.put(requestMemory, float64(n.Memory))
	w.put(answerMemory, float64(n.Pages))
}

func collectCalls(w writer, i *instance.Instance) {
	for _, m := range i.Registry().Methods() {
		w.put(calls, float64(m.Tally.OK.Load()), i.Name(), m.Name, "ok")
		w.putCodes(calls, m.Tally.Failed.Counts(), i.Name(), m.Name)
		if count, sum, within := m.Tally.Times(); count > 0 {
			buckets := make(map[float64]uint64, len(within))
			for b, bound := range registry.CallBounds {
				buckets[bound.Seconds()] = within[b]
			}
			w <- prometheus.MustNewConstHistogram(callSeconds.desc, count, sum.Seconds(), buckets, i.Name(), m.Name)
		}
	}
}

func collectEvents(w writer, i *instance.Instance) {
	st := i.Bus().Stats()
	for n, t := range protocol.EventTypes {
		w.put(eventsPublished, float64(st.Published[n]), i.Name(), string(t))
	}
	w.put(eventsDelivered, float64(st.Delivered), i.Name())
	w.put(eventsCoalesced, float64(st.Coalesced), i.Name())
	w.put(eventsDropped, float64(st.Dropped), i.Name())
	w.put(eventGaps, float64(st.Gaps), i.Name())
	w.put(eventsQueued, float64(st.Queued), i.Name())
	w.put(eventBytesQueued, float64(st.QueuedBytes), i.Name())
	w.put(subscriptions, float64(st.Subscriptions), i.Name())
}

func collectCore(ctx context.Context, w writer, i *instance.Instance) {
	n := i.Core().JobCounts()
	w.put(jobs, float64(n.Running), i.Name(), string(api.JobRunning))
	w.put(jobs, float64(n.Queued), i.Name(), string(api.JobQueued))
	w.put(jobs, float64(n.Paused), i.Name(), string(api.JobPaused))
	for _, lib := range i.Core().Libraries() {
		w.put(libraryOpen, flag(lib.State == library.Open), i.Name(), lib.ID.String())
	}
	for id, st := range i.Core().Statistics(ctx) {
		w.put(libraryEntries, float64(st.Folders), i.Name(), id.String(), "folder")
		for kind, count := range st.Kinds {
			w.put(libraryEntries, float64(count.Files), i.Name(), id.String(), kind)
		}
		w.put(libraryLocations, float64(st.Locations), i.Name(), id.String())
		w.put(libraryBytes, float64(st.Bytes), i.Name(), id.String())
	}
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
