package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A metric is one line of the table.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// table is all metrics but those of the Go runtime and of the process.
// Their names follow https://prometheus.io/docs/practices/naming/.
var table []metric

func gauge(name, help string, labels ...string) metric {
	return newMetric(prometheus.GaugeValue, name, help, labels)
}

func counter(name, help string, labels ...string) metric {
	return newMetric(prometheus.CounterValue, name, help, labels)
}

func newMetric(kind prometheus.ValueType, name, help string, labels []string) metric {
	m := metric{prometheus.NewDesc("spacedrive_"+name, help, labels, nil), kind}
	table = append(table, m)
	return m
}

var (
	buildInfo    = gauge("build_info", "Always 1; the version is that of the daemon.", "version")
	instanceOpen = gauge("instance_open", "Whether the instance is open.", "instance")
	logLinesLost = counter("log_lines_lost_total", "Log lines that could not be written where they belong.")

	connections         = gauge("connections", "Connections there are.")
	connectionsAccepted = counter("connections_accepted_total", "Connections that were served.")
	connectionsRefused  = counter("connections_refused_total", "Connections that were not served, by the code of the reason.", "code")
	receivedBytes       = counter("received_bytes_total", "Bytes read from connections.")
	sentBytes           = counter("sent_bytes_total", "Bytes written to connections.")
	messagesRefused     = counter("messages_refused_total", "What came and was no message, by the code of the reason.", "code")
	requestMemory       = gauge("request_memory_bytes", "Memory set aside for long requests.")
	answerMemory        = gauge("answer_memory_bytes", "Memory set aside for the lists in answers.")

	calls         = counter("calls_total", "Calls answered, by method and by the code of the answer.", "instance", "method", "code")
	callsInFlight = gauge("calls_in_flight", "Calls that are not answered yet.")
	unknownCalls  = counter("unknown_method_calls_total", "Calls of methods that there are not.")
	callSeconds   = newMetric(prometheus.UntypedValue, "call_duration_seconds", "Time from the reading of a call to its answer; calls that never block are not measured.", []string{"instance", "method"})

	subscriptions    = gauge("subscriptions", "Subscriptions there are.", "instance")
	eventsPublished  = counter("events_published_total", "Events, by type.", "instance", "type")
	eventsDelivered  = counter("events_delivered_total", "Events handed to subscribers.", "instance")
	eventsCoalesced  = counter("events_coalesced_total", "Events for which a later one stood.", "instance")
	eventsDropped    = counter("events_dropped_total", "Events for which a subscriber's queue had no room.", "instance")
	eventGaps        = counter("event_gaps_total", "Gaps handed to subscribers in place of events.", "instance")
	eventsQueued     = gauge("queued_events", "Events that wait for their subscribers.", "instance")
	eventBytesQueued = gauge("queued_event_bytes", "Bytes of the events that wait for their subscribers.", "instance")

	jobs             = gauge("jobs", "Jobs that have not finished, by state.", "instance", "state")
	libraryOpen      = gauge("library_open", "Whether the library is open.", "instance", "library")
	libraryEntries   = gauge("library_entries", "Entries in the library's index, by kind.", "instance", "library", "kind")
	libraryLocations = gauge("library_locations", "Locations of the library.", "instance", "library")
	libraryBytes     = gauge("library_size_bytes", "Bytes of the files in the library's index.", "instance", "library")
)

// A writer sends metrics to the collector's channel.
type writer chan<- prometheus.Metric

func (w writer) put(m metric, value float64, labels ...string) {
	w <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

// putCodes puts a count for each code, which is the last label.
func (w writer) putCodes(m metric, counts map[protocol.Code]uint64, labels ...string) {
	for code, n := range counts {
		w.put(m, float64(n), append(labels[:len(labels):len(labels)], string(code))...)
	}
}
