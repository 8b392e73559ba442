package api

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Operations for those who look into a running daemon.
var (
	CoreDebug   = protocol.CoreQuery[DebugInput, Debug]("core.debug", "Show what the daemon is doing: connections, calls in flight, subscriptions, goroutines")
	CoreMetrics = protocol.CoreQuery[Empty, Metrics]("core.metrics", "Show the daemon's counters in the text format of Prometheus")
)

// DebugInput says how much to show.
type DebugInput struct {
	Limit      int  `json:"limit,omitzero" jsonschema:"the most connections, calls and subscriptions to list, of each: default 100, at most 10,000"`
	Goroutines bool `json:"goroutines,omitzero" jsonschema:"list what the goroutines do, too"`
}

// Validate checks the limit and sets its default.
func (in *DebugInput) Validate() error {
	page := Page{Limit: in.Limit}
	err := page.Validate()
	in.Limit = page.Limit
	return err
}

// PageLimit returns how many entries the three lists may have together.
func (in DebugInput) PageLimit() int { return 3 * in.Limit }

// Debug is what the daemon is doing, over all of its instances.
type Debug struct {
	Time          time.Time           `json:"time"`
	Totals        DebugTotals         `json:"totals"`
	Connections   []DebugConnection   `json:"connections" jsonschema:"those whose reading is held first, then those with most waiting to be written, then the oldest"`
	Calls         []DebugCall         `json:"calls" jsonschema:"in flight, the oldest first"`
	Subscriptions []DebugSubscription `json:"subscriptions" jsonschema:"the furthest behind first"`
	Truncated     bool                `json:"truncated" jsonschema:"whether there was more than is listed"`
	RequestMemory DebugMemory         `json:"request_memory" jsonschema:"set aside for long requests"`
	Rings         []DebugRing         `json:"rings" jsonschema:"what each instance keeps for replay"`
	Runtime       DebugRuntime        `json:"runtime"`
	GoroutineDump string              `json:"goroutine_dump,omitzero" jsonschema:"grouped by stack, as pprof writes it with debug=1"`
}

// DebugTotals counts what the lists are of, listed or not.
type DebugTotals struct {
	Connections   int `json:"connections"`
	Refusing      int `json:"refusing" jsonschema:"connections that are about to be told why they are refused"`
	Calls         int `json:"calls" jsonschema:"in flight; those that never block are over before they could be counted"`
	Subscriptions int `json:"subscriptions"`
}

// What may hold the reading of a connection.
const (
	HeldByCalls   = "calls"   // as many are in flight as may be
	HeldByAnswers = "answers" // too much waits for the peer to read it
	HeldByMemory  = "memory"  // a long request waits for what others have in use
)

// DebugConnection is a connection.
type DebugConnection struct {
	ID       uint64    `json:"id" jsonschema:"counted up from 1 at the daemon's start"`
	Instance string    `json:"instance"`
	Since    time.Time `json:"since"`
	Encoding string    `json:"encoding,omitzero" jsonschema:"json or cbor; left out while nothing has come"`
	Client   string    `json:"client,omitzero" jsonschema:"what it called itself in hello, at most 64 bytes"`
	UID      int       `json:"uid"`
	DebugPeer
	Calls          int    `json:"calls" jsonschema:"in flight, not answered"`
	AnswersWaiting int    `json:"answers_waiting" jsonschema:"calls that are answered, and the answer not written"`
	BytesWaiting   int    `json:"bytes_waiting" jsonschema:"to be written, as soon as the peer reads"`
	Held           string `json:"held,omitzero" jsonschema:"why no more is read: calls, answers or memory"`
	Subscriptions  int    `json:"subscriptions"`
	CallsTotal     uint64 `json:"calls_total"`
	BytesRead      uint64 `json:"bytes_read"`
	BytesWritten   uint64 `json:"bytes_written"`
}

// DebugPeer is the process at the other end of a connection.
type DebugPeer struct {
	PID     int    `json:"pid,omitzero" jsonschema:"left out where the system does not tell"`
	Program string `json:"program,omitzero" jsonschema:"the name of the process that has the pid now"`
}

// DebugCall is a call in flight.
type DebugCall struct {
	Connection uint64 `json:"connection"`
	DebugPeer
	ID            uint64 `json:"id"`
	Method        string `json:"method"`
	TraceID       string `json:"trace_id"`
	LibraryID     ID     `json:"library_id,omitzero" jsonschema:"as the caller gave it"`
	AgeMS         int64  `json:"age_ms"`
	TimeoutLeftMS int64  `json:"timeout_left_ms,omitzero" jsonschema:"until its time runs out, below 0 when it has; left out where none was set"`
	Cancelled     bool   `json:"cancelled" jsonschema:"it was told to stop, and has not"`
}

// DebugSubscription is a subscription.
type DebugSubscription struct {
	Connection uint64 `json:"connection"`
	DebugPeer
	ID          uint64               `json:"id"`
	EventTypes  []protocol.EventType `json:"event_types" jsonschema:"none: all but LogMessage"`
	Filter      protocol.Filter      `json:"filter"`
	Replaying   bool                 `json:"replaying" jsonschema:"it reads what is kept, and has not caught up"`
	Queued      int                  `json:"queued" jsonschema:"events that wait for it, log lines among them"`
	QueuedBytes int                  `json:"queued_bytes"`
	Lag         uint64               `json:"lag" jsonschema:"by how many numbers it is behind the newest event"`
	Delivered   uint64               `json:"delivered" jsonschema:"events"`
	Gaps        uint64               `json:"gaps" jsonschema:"delivered in place of events"`
	Coalesced   uint64               `json:"coalesced" jsonschema:"events for which later ones stand"`
	Dropped     uint64               `json:"dropped" jsonschema:"events that the queue had no room for, and that a gap stands for"`
}

// DebugMemory is a bounded amount of memory, in bytes.
type DebugMemory struct {
	Used  int64 `json:"used"`
	Limit int64 `json:"limit"`
}

// DebugRing is what an instance keeps of its events.
type DebugRing struct {
	Instance      string `json:"instance"`
	Seq           uint64 `json:"seq" jsonschema:"the newest event's number"`
	Events        int    `json:"events" jsonschema:"kept"`
	EventCapacity int    `json:"event_capacity"`
	LogSeq        uint64 `json:"log_seq"`
	LogLines      int    `json:"log_lines" jsonschema:"kept"`
	LogCapacity   int    `json:"log_capacity"`
}

// DebugRuntime is how the Go runtime is. Sizes are bytes.
type DebugRuntime struct {
	Go         string  `json:"go" jsonschema:"the release that built the daemon"`
	CPUs       int     `json:"cpus" jsonschema:"that it may use at once"`
	Goroutines int     `json:"goroutines"`
	Memory     uint64  `json:"memory" jsonschema:"mapped by the runtime"`
	Heap       uint64  `json:"heap" jsonschema:"objects, live and not yet collected"`
	HeapGoal   uint64  `json:"heap_goal" jsonschema:"at which the next collection ends"`
	Stacks     uint64  `json:"stacks"`
	GCs        int64   `json:"gcs" jsonschema:"collections so far"`
	GCPauseMS  float64 `json:"gc_pause_ms" jsonschema:"all pauses so far"`
}

// Metrics are the daemon's counters.
type Metrics struct {
	Text string `json:"text" jsonschema:"in the text exposition format, version 0.0.4"`
}
