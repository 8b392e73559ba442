package protocol

import "encoding/binary"

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

// A Reply is a message from the server as a client reads it.
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

// ParseReply decodes one frame from the server. Keys that it does not know
// are ignored. Its payload it only cuts out: what may be wrong in there is
// found when the payload is decoded.
func ParseReply(enc Encoding, frame []byte) (*Reply, error) {
	r := new(Reply)
	if enc.decodeReply(frame, r, true) {
		return r, nil
	}
	return r, enc.decode(frame, r)
}

// AppendPlain appends a message that has no more than its type and id: pong,
// unsubscribed.
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

// AppendResult appends the ok that answers req, computed from the state as of
// the event numbered seq or later. The payload is encoded as the request's was.
func AppendResult(buf []byte, enc Encoding, req *Request, seq uint64, v any) ([]byte, error) {
	b := newBuilder(buf, enc, TypeOK, req.ID)
	b.uint("seq", seq)
	if req.Encoding == enc {
		b.value("payload", v)
		return b.finish()
	}
	item, err := req.Encoding.Marshal(v)
	b.err = first(b.err, err)
	b.base64("payload_cbor", item)
	return b.finish()
}

// AppendError appends an error. One that belongs to no message has id 0.
func AppendError(buf []byte, enc Encoding, id uint64, e *Error) []byte {
	b := newBuilder(buf, enc, TypeError, id)
	b.value("error", e)
	out, err := b.finish()
	if err != nil {
		// The details do not encode, or are too long: send what surely
		// does and is not.
		return AppendError(buf, enc, id, Errorf(Code(clip(e.Code)), "%s", e.Message).WithHint("%s", e.Hint))
	}
	return out
}

// An EventFrame is what all messages with events of one subscription have in
// common: the bytes before the event.
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

// AppendHeartbeat appends a heartbeat: every event up to seq that the
// subscription asks for has been sent.
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
