package server_test

import (
	"io"
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

// TestAConversationCutAnywhere: what was sent whole is answered, what was not
// is refused, and the connection ends.
func TestAConversationCutAnywhere(t *testing.T) {
	d := start(t)
	requests := []protocol.Request{
		{Type: protocol.TypePing, ID: 1},
		{Type: protocol.TypeQuery, ID: 2, Method: "test.echo"},
		{Type: protocol.TypeSubscribe, ID: 3},
		{Type: protocol.TypeQuery, ID: 4, Method: "test.trace"},
	}
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		var whole []byte
		var ends []int // of each message
		for _, r := range requests {
			var err error
			if whole, err = r.Append(whole, enc); err != nil {
				t.Fatal(err)
			}
			ends = append(ends, len(whole))
		}
		for cut := 1; cut <= len(whole); cut++ {
			sent, rest := 0, cut
			for sent < len(ends) && ends[sent] <= cut {
				rest = cut - ends[sent]
				sent++
			}
			if enc == protocol.JSON && sent < len(ends) && cut == ends[sent]-1 {
				sent, rest = sent+1, 0 // the newline alone is missing, and it need not be there
			}
			c := d.dial(t)
			if _, err := c.Write(whole[:cut]); err != nil {
				t.Fatal(err)
			}
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			answered, refused := 0, 0
			frames := protocol.NewFrameReader(c.lines, enc, nil)
			for {
				frame, err := frames.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%v cut at %d: %v", enc, cut, err)
				}
				switch r, err := protocol.ParseReply(enc, frame); {
				case err != nil:
					t.Fatal(err)
				case r.Type == protocol.TypeError:
					refused++
				case r.Type != protocol.TypeEnd:
					answered++
				}
			}
			if answered != sent || refused != min(rest, 1) {
				t.Errorf("%v cut at %d of %d: %d of %d messages answered, %d refused for %d bytes",
					enc, cut, len(whole), answered, sent, refused, rest)
			}
			c.Close()
		}
	}
}
