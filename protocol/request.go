package protocol

import (
	"encoding/base64"
	"strings"
)

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

// requestKeys are the keys that a message may have beside type and id.
var requestKeys = map[string][]string{
	TypeHello:       {"client", "protocol"},
	TypePing:        {},
	TypeQuery:       {"method", "payload", "payload_cbor", "library_id", "timeout_ms", "trace_id"},
	TypeAction:      {"method", "payload", "payload_cbor", "library_id", "timeout_ms", "trace_id"},
	TypeSubscribe:   {"event_types", "filter", "after", "tail", "heartbeat_ms"},
	TypeUnsubscribe: {"target"},
	TypeCancel:      {"target"},
	TypeShutdown:    {},
}

// A Request is a message from a client, its envelope decoded and its payload
// not yet.
type Request struct {
	Type string
	ID   uint64 // 0 where the client gave none

	// Of a query or an action.
	Method    string
	Payload   []byte   // in PayloadEncoding; nil means {}. Points into the frame
	Encoding  Encoding // of Payload, and of the answer's payload
	LibraryID ID       // zero where none was given
	TimeoutMS uint64   // 0: no time-out
	TraceID   string   // empty where none, or none that is valid, was given

	Target    uint64            // of an unsubscribe or a cancel
	Hello     *HelloRequest     // of a hello
	Subscribe *SubscribeRequest // of a subscribe
}

// HelloRequest is what a hello says of the client.
type HelloRequest struct {
	Client   string   `json:"client"`   // "name/version"
	Protocol []uint64 `json:"protocol"` // lowest and highest version it speaks
}

// SubscribeRequest says which events a subscriber wants.
type SubscribeRequest struct {
	EventTypes  []EventType `json:"event_types,omitzero"` // none: all but LogMessage
	Filter      Filter      `json:"filter,omitzero"`
	After       *Position   `json:"after,omitzero"`        // replay what came after it
	Tail        uint64      `json:"tail,omitzero"`         // so many log lines from before
	HeartbeatMS uint64      `json:"heartbeat_ms,omitzero"` // 0: none
}

// ParseRequest decodes one frame's envelope. The error, if any, has code
// InvalidRequest; the Request then holds the id where it could be read.
func ParseRequest(enc Encoding, frame []byte) (Request, *Error) {
	var space [12]member
	members, err := scan(enc, frame, space[:0])
	var req Request
	for _, m := range members {
		if string(m.key) == "id" {
			if id, ok := uintValue(enc, m.value); ok && id <= MaxID {
				req.ID = id
			}
		}
	}
	if err != nil {
		return req, Errorf(InvalidRequest, "not a message: %w", err)
	}
	allowed, wire := req.setType(enc, members)
	if wire != nil {
		return req, wire
	}
	req.Encoding = enc
	for _, m := range members {
		if wire := req.set(enc, m, allowed); wire != nil {
			return req, wire
		}
	}
	return req, req.missing()
}

func scan(enc Encoding, frame []byte, dst []member) ([]member, error) {
	if enc == CBOR {
		return scanCBOR(frame, dst)
	}
	return scanJSON(frame, dst)
}

func (r *Request) setType(enc Encoding, members []member) ([]string, *Error) {
	for _, m := range members {
		if string(m.key) != "type" {
			continue
		}
		text, ok := textValue(enc, m.value)
		if !ok {
			return nil, wrongType("type", "a text")
		}
		for known, allowed := range requestKeys {
			if known == string(text) {
				r.Type = known
				return allowed, nil
			}
		}
		return nil, Errorf(InvalidRequest, "no message type %q", clip(text)).
			WithHint("one of %s", strings.Join(sortedKeys(requestKeys), ", "))
	}
	return nil, Errorf(InvalidRequest, "the message has no type").
		WithHint(`such as {"type":"query","method":"core.status"}`)
}

// clip shortens a foreign text that goes into an error message.
func clip(text []byte) string {
	const longest = 64
	if len(text) <= longest {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:longest]), "") + "…"
}

func wrongType(key, want string) *Error {
	return Errorf(InvalidRequest, "%s must be %s", key, want).With("field", key)
}

func (r *Request) set(enc Encoding, m member, allowed []string) *Error {
	ok := true
	switch string(m.key) {
	case "type":
		return nil
	case "id":
		if id, ok := uintValue(enc, m.value); !ok || id > MaxID {
			return wrongType("id", "a whole number below 2^53")
		}
		return nil
	}
	if !contains(allowed, m.key) {
		return Errorf(InvalidRequest, "a message of type %s has no key %q", r.Type, clip(m.key)).
			With("field", clip(m.key)).WithHint("it has %s", strings.Join(append([]string{"type", "id"}, allowed...), ", "))
	}
	var text []byte
	switch string(m.key) {
	case "method":
		if text, ok = textValue(enc, m.value); !ok {
			return wrongType("method", "a text")
		}
		r.Method = string(text)
	case "payload":
		return r.setPayload(enc, m.value)
	case "payload_cbor":
		return r.setPayloadCBOR(enc, m.value)
	case "library_id":
		if enc.Unmarshal(m.value, &r.LibraryID) != nil || r.LibraryID == (ID{}) {
			return wrongType("library_id", "an id: UUID text in JSON, 16 bytes in CBOR")
		}
	case "timeout_ms":
		if r.TimeoutMS, ok = uintValue(enc, m.value); !ok {
			return wrongType("timeout_ms", "a whole number of milliseconds")
		}
	case "trace_id":
		if text, ok = textValue(enc, m.value); !ok {
			return wrongType("trace_id", "a text")
		}
		if validTraceID(text) {
			r.TraceID = string(text)
		}
	case "target":
		if r.Target, ok = uintValue(enc, m.value); !ok || r.Target > MaxID {
			return wrongType("target", "the id of an earlier message")
		}
	default:
		return r.setOwn(enc, string(m.key), m.value)
	}
	return nil
}

// setOwn sets a key that belongs to hello or to subscribe alone.
func (r *Request) setOwn(enc Encoding, key string, value []byte) *Error {
	if r.Type == TypeHello && r.Hello == nil {
		r.Hello = new(HelloRequest)
	}
	if r.Type == TypeSubscribe && r.Subscribe == nil {
		r.Subscribe = new(SubscribeRequest)
	}
	var dst any
	switch key {
	case "client":
		dst = &r.Hello.Client
	case "protocol":
		dst = &r.Hello.Protocol
	case "event_types":
		dst = &r.Subscribe.EventTypes
	case "filter":
		dst = &r.Subscribe.Filter
	case "after":
		dst = &r.Subscribe.After
	case "tail":
		dst = &r.Subscribe.Tail
	case "heartbeat_ms":
		dst = &r.Subscribe.HeartbeatMS
	}
	if err := enc.UnmarshalStrict(value, dst); err != nil {
		wire := AsError(err)
		field := key
		if inner, ok := wire.Details["field"].(string); ok {
			field += "." + inner
		}
		return Errorf(InvalidRequest, "%s: %s", key, wire.Message).With("field", field)
	}
	return nil
}

func (r *Request) setPayload(enc Encoding, value []byte) *Error {
	if r.Payload != nil {
		return Errorf(InvalidRequest, "payload and payload_cbor exclude each other")
	}
	if isNull(enc, value) {
		return nil
	}
	r.Payload = value
	return nil
}

func (r *Request) setPayloadCBOR(enc Encoding, value []byte) *Error {
	text, ok := textValue(enc, value)
	if !ok || enc != JSON {
		return wrongType("payload_cbor", "base64 of a CBOR item, in a JSON message")
	}
	if r.Payload != nil {
		return Errorf(InvalidRequest, "payload and payload_cbor exclude each other")
	}
	item, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return wrongType("payload_cbor", "base64 with padding (RFC 4648, section 4)")
	}
	if _, err := scanCBOR(item, nil); err != nil && !isNull(CBOR, item) {
		return Errorf(InvalidRequest, "payload_cbor: %w", err).With("field", "payload_cbor")
	}
	r.Encoding = CBOR
	if !isNull(CBOR, item) {
		r.Payload = item
	}
	return nil
}

// missing says which key the message's type needs and the message lacks.
func (r *Request) missing() *Error {
	need := ""
	switch r.Type {
	case TypeQuery, TypeAction:
		if r.Method == "" {
			need = "method"
		}
	case TypeUnsubscribe, TypeCancel:
		if r.Target == 0 {
			need = "target"
		}
	case TypeHello:
		if r.Hello == nil {
			r.Hello = new(HelloRequest)
		}
		if p := r.Hello.Protocol; p != nil && (len(p) != 2 || p[0] > p[1]) {
			return wrongType("protocol", "[lowest, highest]")
		}
	case TypeSubscribe:
		if r.Subscribe == nil {
			r.Subscribe = new(SubscribeRequest)
		}
	}
	if need == "" {
		return nil
	}
	return Errorf(InvalidRequest, "a message of type %s needs the key %s", r.Type, need).With("field", need)
}

func contains(keys []string, key []byte) bool {
	for _, k := range keys {
		if k == string(key) {
			return true
		}
	}
	return false
}

func validTraceID(text []byte) bool {
	for _, c := range text {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return 0 < len(text) && len(text) <= MaxTraceID
}

// textValue returns the text that value, which a scanner has checked, encodes.
func textValue(enc Encoding, value []byte) ([]byte, bool) {
	if enc == CBOR {
		if value[0]>>5 != cborText {
			return nil, false
		}
		s := cborScanner{data: value}
		major, n, _ := s.head()
		text, err := s.bytes(major, n)
		return text, err == nil
	}
	if value[0] != '"' {
		return nil, false
	}
	return unquote(value[1 : len(value)-1]), true
}

// uintValue returns the whole number that value, which a scanner has checked,
// encodes. A float is none, however whole.
func uintValue(enc Encoding, value []byte) (uint64, bool) {
	if enc == CBOR {
		s := cborScanner{data: value}
		major, n, err := s.head()
		return n, err == nil && major == cborUint
	}
	const tooLong = 19 // digits; keeps n below 2^63
	if len(value) >= tooLong {
		return 0, false
	}
	var n uint64
	for _, c := range value {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

func isNull(enc Encoding, value []byte) bool {
	if enc == CBOR {
		return len(value) == 1 && (value[0] == 0xf6 || value[0] == 0xf7) // null, undefined
	}
	return string(value) == "null"
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
		r.appendSubscribe(&b)
	}
	if r.Payload != nil {
		b.raw("payload", r.Payload)
	}
	return b.finish()
}

func (r *Request) appendSubscribe(b *builder) {
	s := r.Subscribe
	if s.EventTypes != nil {
		b.value("event_types", s.EventTypes)
	}
	if s.Filter != (Filter{}) {
		b.value("filter", s.Filter)
	}
	if s.After != nil {
		b.value("after", s.After)
	}
	if s.Tail != 0 {
		b.uint("tail", s.Tail)
	}
	if s.HeartbeatMS != 0 {
		b.uint("heartbeat_ms", s.HeartbeatMS)
	}
}
