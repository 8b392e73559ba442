package protocol

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The types of message that the server sends.
const (
	TypeOK           = "ok"
	TypeError        = "error"
	TypePong         = "pong"
	TypeSubscribed   = "subscribed"
	TypeUnsubscribed = "unsubscribed"
	TypeEvent        = "event"
	TypeGap          = "gap"
	TypeHeartbeat    = "heartbeat"
	TypeEnd          = "end"
)

// A Reply is a message from the server.
type Reply struct {
	Type    string `json:"type"`
	ID      uint64 `json:"id,omitzero"`
	Seq     uint64 `json:"seq,omitzero"` // of an ok to a call, and of a heartbeat
	Payload Value  `json:"payload,omitzero"`
	Error   *Error `json:"error,omitzero"`
	Event   *Event `json:"event,omitzero"`
	Gap     *Gap   `json:"gap,omitzero"`
	Reason  string `json:"reason,omitzero"` // of an end
}

// ParseReply decodes a frame from the server. It ignores unknown keys. The
// payload is well-formed; whether it fits a type shows when it is decoded.
func ParseReply(enc Encoding, frame []byte) (*Reply, error) {
	var space [12]member
	members, err := scan(enc, frame, space[:0])
	r := new(Reply)
	if err != nil {
		return r, err
	}
	for _, m := range members {
		if err := r.set(enc, m); err != nil {
			return r, fmt.Errorf("%s: %w", m.key, err)
		}
	}
	return r, nil
}

func (r *Reply) set(enc Encoding, m member) error {
	switch string(m.key) {
	case "payload":
		r.Payload = RawValue(enc, bytes.Clone(m.value))
		return nil
	case "type":
		return enc.Unmarshal(m.value, &r.Type)
	case "id":
		return enc.Unmarshal(m.value, &r.ID)
	case "seq":
		return enc.Unmarshal(m.value, &r.Seq)
	case "error":
		return enc.Unmarshal(m.value, &r.Error)
	case "event":
		return enc.Unmarshal(m.value, &r.Event)
	case "gap":
		return enc.Unmarshal(m.value, &r.Gap)
	case "reason":
		return enc.Unmarshal(m.value, &r.Reason)
	}
	return nil
}

// AppendPlain appends a message with only a type and an id: pong, unsubscribed.
func AppendPlain(buf []byte, enc Encoding, typ string, id uint64) ([]byte, error) {
	b := newBuilder(buf, enc, typ, id)
	return b.finish()
}

// AppendOK appends an ok, or a subscribed, whose payload is v.
func AppendOK(buf []byte, enc Encoding, typ string, id uint64, v any) ([]byte, error) {
	b := newBuilder(buf, enc, typ, id)
	b.value("payload", v)
	return b.finish()
}

// AppendResult appends the ok that answers req. v was computed from a state that
// includes event seq. Its encoding is that of the request's payload.
func AppendResult(buf []byte, enc Encoding, req *Request, seq uint64, v any) ([]byte, error) {
	b := newBuilder(buf, enc, TypeOK, req.ID)
	b.uint("seq", seq)
	if req.Encoding == enc {
		b.value("payload", v)
		return b.finish()
	}
	item, err := req.Encoding.Marshal(v)
	b.err = first(b.err, err)
	b.key("payload_cbor")
	b.buf = appendBytes(b.buf, JSON, item)
	return b.finish()
}

// AppendError appends an error. id is 0 for an error that answers no message.
func AppendError(buf []byte, enc Encoding, id uint64, e *Error) []byte {
	b := newBuilder(buf, enc, TypeError, id)
	b.value("error", e)
	out, err := b.finish()
	if err != nil {
		// The details cannot be encoded or are too long: send the error
		// without them.
		return AppendError(buf, enc, id, Errorf(Code(Clip(e.Code)), "%s", e.Message).WithHint("%s", e.Hint))
	}
	return out
}

// An EventFrame is the part before the event that all event messages of a
// subscription have in common.
type EventFrame struct {
	enc  Encoding
	head []byte
}

// NewEventFrame returns the frame of the subscription id's events.
func NewEventFrame(enc Encoding, id uint64) EventFrame {
	b := newBuilder(nil, enc, TypeEvent, id)
	b.key("event")
	if enc == CBOR {
		b.buf[frameHeader] |= byte(b.pairs)
	}
	return EventFrame{enc, b.buf}
}

// Append appends the message with an encoded event, whose length must be well
// below MaxFrame.
func (f EventFrame) Append(buf, event []byte) []byte {
	start := len(buf)
	buf = append(buf, f.head...)
	buf = append(buf, event...)
	if f.enc == CBOR {
		binary.BigEndian.PutUint32(buf[start:], uint32(len(buf)-start-frameHeader))
		return buf
	}
	return append(buf, "}\n"...)
}

// AppendGap appends a gap.
func AppendGap(buf []byte, enc Encoding, id uint64, g Gap) ([]byte, error) {
	b := newBuilder(buf, enc, TypeGap, id)
	b.value("gap", g)
	return b.finish()
}

// AppendHeartbeat appends a heartbeat, which says that all matching events up to
// seq have been sent.
func AppendHeartbeat(buf []byte, enc Encoding, id, seq uint64) ([]byte, error) {
	b := newBuilder(buf, enc, TypeHeartbeat, id)
	b.uint("seq", seq)
	return b.finish()
}

// AppendEnd appends a subscription's last message.
func AppendEnd(buf []byte, enc Encoding, id uint64, reason string) ([]byte, error) {
	b := newBuilder(buf, enc, TypeEnd, id)
	b.text("reason", reason)
	return b.finish()
}
