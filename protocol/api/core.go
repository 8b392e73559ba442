package api

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Operations on the daemon itself.
var (
	CoreStatus  = protocol.CoreQuery[Empty, Status]("core.status", "Tell how the daemon and this instance are")
	CoreMethods = protocol.CoreQuery[MethodsInput, Methods]("core.methods", "List the operations and the events, with the JSON Schema of each one's input, output or data")
)

// Status tells how the daemon and the instance of this connection are.
type Status struct {
	Version       string             `json:"version"`
	PID           int                `json:"pid"`
	BootID        ID                 `json:"boot_id" jsonschema:"this start of the daemon"`
	StartedAt     time.Time          `json:"started_at"`
	UptimeMS      int64              `json:"uptime_ms"`
	Instance      InstanceStatus     `json:"instance"`
	Instances     []InstanceStatus   `json:"instances" jsonschema:"every instance of this daemon"`
	Activation    string             `json:"activation" jsonschema:"who made the socket: systemd, launchd, own or stdio"`
	Listeners     []Listener         `json:"listeners"`
	AdmitGroup    string             `json:"admit_group,omitzero" jsonschema:"the group whose members may connect besides the daemon's own user and root"`
	Libraries     []LibraryStatus    `json:"libraries"`
	Jobs          JobCounts          `json:"jobs"`
	Connections   int                `json:"connections"`
	Subscriptions SubscriptionCounts `json:"subscriptions"`
	Memory        Memory             `json:"memory"`
	Network       string             `json:"network" jsonschema:"off, or on"`
}

// InstanceStatus tells how one instance is.
type InstanceStatus struct {
	Name    string `json:"name"`
	DataDir Path   `json:"data_dir"`
	State   string `json:"state" jsonschema:"closed, opening, open, failed or closing"`
	Error   string `json:"error,omitzero" jsonschema:"why it could not open"`
}

// Listener is a socket on which the daemon accepts connections.
type Listener struct {
	Instance string `json:"instance"`
	Path     Path   `json:"path"`
	Origin   string `json:"origin" jsonschema:"systemd, launchd, own or stdio"`
}

// LibraryStatus tells how one library is.
type LibraryStatus struct {
	ID    ID     `json:"id"`
	Name  string `json:"name"`
	State string `json:"state" jsonschema:"open or failed"`
	Error string `json:"error,omitzero"`
}

// JobCounts counts unfinished jobs over all libraries.
type JobCounts struct {
	Running int `json:"running"`
	Queued  int `json:"queued"`
	Paused  int `json:"paused"`
}

// SubscriptionCounts counts subscriptions and the gaps that they were sent.
type SubscriptionCounts struct {
	Count int    `json:"count"`
	Gaps  uint64 `json:"gaps"`
}

// Memory is the daemon's use of memory, in bytes, at most a second old.
type Memory struct {
	Resident uint64 `json:"resident" jsonschema:"bytes of RAM, as the kernel counts them"`
	Heap     uint64 `json:"heap" jsonschema:"bytes of live and not yet collected Go objects"`
}

// MethodsInput asks for all operations, or one.
type MethodsInput struct {
	Method string `json:"method,omitzero" jsonschema:"short or full name; left out: all"`
}

// Methods lists operations, events and kinds of job.
type Methods struct {
	Methods []Method    `json:"methods"`
	Jobs    []JobKind   `json:"jobs,omitzero" jsonschema:"the kinds of job; left out where one operation was asked for"`
	Events  []EventKind `json:"events,omitzero" jsonschema:"what this version sends to subscribers; left out where one operation was asked for"`
}

// Method describes an operation.
type Method struct {
	Name         string         `json:"name"`
	Method       string         `json:"method" jsonschema:"full name on the wire"`
	Kind         protocol.Kind  `json:"kind" jsonschema:"query or action"`
	Scope        protocol.Scope `json:"scope" jsonschema:"core or library"`
	Optional     bool           `json:"library_optional,omitzero" jsonschema:"of scope core, and takes a library_id to work in one library alone"`
	Help         string         `json:"help"`
	InputSchema  protocol.Value `json:"input_schema" jsonschema:"JSON Schema of the payload"`
	OutputSchema protocol.Value `json:"output_schema" jsonschema:"JSON Schema of the result"`
}

// JobKind describes the jobs of one kind.
type JobKind struct {
	Kind         string         `json:"kind"`
	Help         string         `json:"help"`
	Background   bool           `json:"background" jsonschema:"whether such jobs make room for others"`
	InputSchema  protocol.Value `json:"input_schema" jsonschema:"JSON Schema of what such a job is given"`
	OutputSchema protocol.Value `json:"output_schema" jsonschema:"JSON Schema of the job's output"`
}

// EventKind describes the events of one type.
type EventKind struct {
	Type       protocol.EventType `json:"type"`
	Help       string             `json:"help"`
	IDs        []string           `json:"ids" jsonschema:"the ids that an event may carry besides its data: library_id, location_id, job_id, device_id"`
	DataSchema protocol.Value     `json:"data_schema" jsonschema:"JSON Schema of the event's data"`
}
