package protocol

// The types of message that a client sends.
const (
	TypeHello       = "hello"
	TypePing        = "ping"
	TypeQuery       = "query"
	TypeAction      = "action"
	TypeSubscribe   = "subscribe"
	TypeUnsubscribe = "unsubscribe"
	TypeCancel      = "cancel"
	TypeShutdown    = "shutdown"
)

// A Request is a message from a client with a decoded envelope and an encoded
// payload.
type Request struct {
	Type string
	ID   uint64 // 0 if absent

	// Of a query or an action.
	Method    string
	Payload   []byte   // in Encoding; nil means {}. May point into the frame
	Encoding  Encoding // of Payload, and of the answer's payload
	LibraryID ID       // zero if absent
	TimeoutMS uint64   // 0 for no time-out
	TraceID   string   // empty if absent or invalid

	Target    uint64            // of an unsubscribe or a cancel
	Hello     *HelloRequest     // of a hello
	Subscribe *SubscribeRequest // of a subscribe
}

// HelloRequest is the part of a request that only a hello has.
type HelloRequest struct {
	Client   string   `json:"client"`   // "name/version"
	Protocol []uint64 `json:"protocol"` // lowest and highest version supported
}

// SubscribeRequest selects the events of a subscription.
type SubscribeRequest struct {
	EventTypes  []EventType `json:"event_types,omitzero"` // empty for all but LogMessage
	Filter      Filter      `json:"filter,omitzero"`
	After       *Position   `json:"after,omitzero"`        // replay from here
	AfterLog    *Position   `json:"after_log,omitzero"`    // the same for log lines; in another start of the daemon, Tail counts
	Tail        uint64      `json:"tail,omitzero"`         // number of earlier log lines
	HeartbeatMS uint64      `json:"heartbeat_ms,omitzero"` // 0 for none
}

// Append encodes r as one frame and appends it to buf, as a client does.
// Payload must be in enc.
func (r *Request) Append(buf []byte, enc Encoding) ([]byte, error) {
	b := newBuilder(buf, enc, r.Type, r.ID)
	if r.Method != "" {
		b.text("method", r.Method)
	}
	if r.LibraryID != (ID{}) {
		b.value("library_id", r.LibraryID)
	}
	if r.TimeoutMS != 0 {
		b.uint("timeout_ms", r.TimeoutMS)
	}
	if r.TraceID != "" {
		b.text("trace_id", r.TraceID)
	}
	if r.Target != 0 {
		b.uint("target", r.Target)
	}
	if h := r.Hello; h != nil {
		b.text("client", h.Client)
		if h.Protocol != nil {
			b.value("protocol", h.Protocol)
		}
	}
	if s := r.Subscribe; s != nil {
		s.append(&b)
	}
	if r.Payload != nil {
		b.raw("payload", r.Payload)
	}
	return b.finish()
}

func (s *SubscribeRequest) append(b *builder) {
	if s.EventTypes != nil {
		b.value("event_types", s.EventTypes)
	}
	if s.Filter != (Filter{}) {
		b.value("filter", s.Filter)
	}
	if s.After != nil {
		b.value("after", s.After)
	}
	if s.AfterLog != nil {
		b.value("after_log", s.AfterLog)
	}
	if s.Tail != 0 {
		b.uint("tail", s.Tail)
	}
	if s.HeartbeatMS != 0 {
		b.uint("heartbeat_ms", s.HeartbeatMS)
	}
}
