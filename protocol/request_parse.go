package protocol

import (
	"encoding/base64"
	"slices"
	"strings"
)

// A requestType is a type of message that a client sends, with its keys other
// than type and id.
type requestType struct {
	name string
	keys []string
}

var requestTypes = []requestType{
	{TypeHello, []string{"client", "protocol"}},
	{TypePing, nil},
	{TypeQuery, callKeys},
	{TypeAction, callKeys},
	{TypeSubscribe, []string{"event_types", "filter", "after", "after_log", "tail", "heartbeat_ms"}},
	{TypeUnsubscribe, []string{"target"}},
	{TypeCancel, []string{"target"}},
	{TypeShutdown, nil},
}

var callKeys = []string{"method", "payload", "payload_cbor", "library_id", "timeout_ms", "trace_id"}

// ParseRequest decodes the envelope of a frame. An error has code InvalidRequest;
// the Request then has the id if it could be read.
func ParseRequest(enc Encoding, frame []byte) (Request, *Error) {
	var space [12]member
	members, err := scan(enc, frame, space[:0])
	var req Request
	for _, m := range members {
		if string(m.key) == "id" {
			req.ID, _ = uintValue(enc, m.value)
		}
	}
	if err != nil {
		return req, Errorf(InvalidRequest, "not a message: %w", err)
	}
	keys, wire := req.setType(enc, members)
	if wire != nil {
		return req, wire
	}
	for _, m := range members {
		if wire := req.set(enc, m, keys); wire != nil {
			return req, wire
		}
	}
	if req.Encoding == 0 {
		req.Encoding = enc
	}
	return req, req.missing()
}

func (r *Request) setType(enc Encoding, members []member) (keys []string, wire *Error) {
	for _, m := range members {
		if string(m.key) != "type" {
			continue
		}
		text, ok := textValue(enc, m.value)
		if !ok {
			return nil, wrongType("type", "a text")
		}
		for _, t := range requestTypes {
			if t.name == string(text) {
				r.Type = t.name
				return t.keys, nil
			}
		}
		var names []string
		for _, t := range requestTypes {
			names = append(names, t.name)
		}
		return nil, Errorf(InvalidRequest, "no message type %q", Clip(text)).With("field", "type").
			WithHint("one of %s", strings.Join(names, ", "))
	}
	return nil, Errorf(InvalidRequest, "the message has no type").With("field", "type").
		WithHint(`such as {"type":"query","method":"core.status"}`)
}

func wrongType(key, want string) *Error {
	return Errorf(InvalidRequest, "%s must be %s", key, want).With("field", key)
}

func (r *Request) set(enc Encoding, m member, keys []string) *Error {
	ok := true
	switch string(m.key) {
	case "type":
		return nil
	case "id":
		if _, ok := uintValue(enc, m.value); !ok {
			return wrongType("id", "a whole number below 2^53")
		}
		return nil
	}
	if !slices.ContainsFunc(keys, func(k string) bool { return k == string(m.key) }) {
		return Errorf(InvalidRequest, "a message of type %s has no key %q", r.Type, Clip(m.key)).
			With("field", Clip(m.key)).WithHint("it has %s", strings.Join(slices.Concat([]string{"type", "id"}, keys), ", "))
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
		if r.LibraryID, ok = idValue(enc, m.value); !ok {
			return wrongType("library_id", "an id: UUID text in JSON, 16 bytes in CBOR")
		}
	case "timeout_ms":
		if r.TimeoutMS, ok = uintValue(enc, m.value); !ok {
			return wrongType("timeout_ms", "a whole number of milliseconds, below 2^53")
		}
	case "trace_id":
		if text, ok = textValue(enc, m.value); !ok {
			return wrongType("trace_id", "a text")
		}
		if validTraceID(text) {
			r.TraceID = string(text)
		}
	case "target":
		if r.Target, ok = uintValue(enc, m.value); !ok || r.Target == 0 {
			return wrongType("target", "the id of an earlier message, and not 0")
		}
	default:
		return r.setOwn(enc, string(m.key), m.value)
	}
	return nil
}

// setOwn sets a key that only hello or only subscribe has.
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
	case "after_log":
		dst = &r.Subscribe.AfterLog
	case "tail":
		dst = &r.Subscribe.Tail
	case "heartbeat_ms":
		dst = &r.Subscribe.HeartbeatMS
	}
	if bad := enc.decodeStrict(value, dst); bad != nil {
		return bad.in(key).wire(InvalidRequest)
	}
	return nil
}

func (r *Request) setPayload(enc Encoding, value []byte) *Error {
	if r.Encoding != 0 {
		return bothPayloads()
	}
	r.Encoding = enc
	if !isNull(enc, value) {
		r.Payload = value
	}
	return nil
}

func (r *Request) setPayloadCBOR(enc Encoding, value []byte) *Error {
	if r.Encoding != 0 {
		return bothPayloads()
	}
	r.Encoding = CBOR
	text, ok := textValue(enc, value)
	if !ok || enc != JSON {
		return wrongType("payload_cbor", "base64 of a CBOR item, in a JSON message")
	}
	item, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return wrongType("payload_cbor", "base64 with padding (RFC 4648, section 4)")
	}
	if err := checkCBOR(item, 2); err != nil { // nested in the message, which is level 1
		return Errorf(InvalidRequest, "payload_cbor: %w", err).With("field", "payload_cbor")
	}
	if !isNull(CBOR, item) {
		r.Payload = item
	}
	return nil
}

func bothPayloads() *Error {
	return Errorf(InvalidRequest, "payload and payload_cbor exclude each other").With("field", "payload_cbor")
}

// missing returns a key that the message's type requires and the message does not
// have.
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
