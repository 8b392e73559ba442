package server_test

import (
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestHalfAFrameBeforeAHalfCloseStopsNoCall(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	req := protocol.Request{Type: protocol.TypeQuery, ID: 9, Method: "test.block"}
	frame, err := req.Append(nil, protocol.CBOR)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(append(frame, frame[:7]...)); err != nil {
		t.Fatal(err)
	}
	<-d.inst.blocked
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	frames := protocol.NewFrameReader(c.lines, protocol.CBOR, nil)
	if got := reply(t, frames); got.Error == nil || got.Error.Code != protocol.InvalidRequest {
		t.Errorf("for the half frame came %+v", got)
	}
	d.inst.release <- struct{}{}
	if got := reply(t, frames); got.ID != 9 || got.Type != protocol.TypeOK {
		t.Errorf("for the call came %+v", got)
	}
	c.wantEnd()
}

// reply returns the next message of a CBOR connection.
func reply(t *testing.T, frames *protocol.FrameReader) *protocol.Reply {
	t.Helper()
	frame, err := frames.Next()
	if err != nil {
		t.Fatal(err)
	}
	r, err := protocol.ParseReply(protocol.CBOR, frame)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAnErrorThatEndsTheReadingWaitsForNoCall: the answer to the message that
// cannot be read comes before those of calls that still run.
func TestAnErrorThatEndsTheReadingWaitsForNoCall(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"query","id":1,"method":"test.block"}`)
	<-d.inst.blocked
	go func() { // may be cut off
		line := make([]byte, protocol.MaxFrame+2)
		for i := range line {
			line[i] = 'x'
		}
		_, _ = c.Write(line)
	}()
	c.want("error.code", "request_too_large")
	d.inst.release <- struct{}{}
	c.want("id", "1", "type", "ok")
	c.wantEnd()
}
