package protocol

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawRequest draws a valid request without payload.
func drawRequest(t *rapid.T) Request {
	text := rapid.String()
	id := rapid.Custom(func(t *rapid.T) ID {
		var id ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		id[0] |= 1 // not zero
		return id
	})
	number := rapid.Uint64Range(0, MaxID)
	maybeID := rapid.OneOf(rapid.Just(ID{}), id)
	r := Request{ID: number.Draw(t, "id")}
	r.Type = rapid.SampledFrom([]string{TypeHello, TypePing, TypeQuery, TypeAction, TypeSubscribe, TypeUnsubscribe, TypeCancel, TypeShutdown}).Draw(t, "type")
	switch r.Type {
	case TypeQuery, TypeAction:
		r.Method = rapid.StringN(1, 100, -1).Draw(t, "method")
		r.LibraryID = maybeID.Draw(t, "library")
		r.TimeoutMS = number.Draw(t, "timeout")
		r.TraceID = rapid.StringMatching(`[A-Za-z0-9_-]{0,64}`).Draw(t, "trace")
	case TypeUnsubscribe, TypeCancel:
		r.Target = rapid.Uint64Range(1, MaxID).Draw(t, "target")
	case TypeHello:
		low := rapid.Uint64().Draw(t, "lowest")
		r.Hello = &HelloRequest{Client: text.Draw(t, "client"), Protocol: []uint64{low, rapid.Uint64Min(low).Draw(t, "highest")}}
	case TypeSubscribe:
		s := &SubscribeRequest{Tail: rapid.Uint64().Draw(t, "tail"), HeartbeatMS: rapid.Uint64().Draw(t, "heartbeat")}
		for _, name := range rapid.SliceOfN(text, 0, 3).Draw(t, "types") {
			s.EventTypes = append(s.EventTypes, EventType(name))
		}
		s.Filter = Filter{
			LibraryID: maybeID.Draw(t, "library"), LocationID: maybeID.Draw(t, "location"), JobID: maybeID.Draw(t, "job"), DeviceID: maybeID.Draw(t, "device"),
			Path: drawPath(t), MinLevel: Level(text.Draw(t, "level")), Target: text.Draw(t, "target"),
		}
		if rapid.Bool().Draw(t, "resume") {
			s.After = &Position{maybeID.Draw(t, "boot"), rapid.Uint64().Draw(t, "seq")}
			s.AfterLog = &Position{maybeID.Draw(t, "boot of the log"), rapid.Uint64().Draw(t, "log seq")}
		}
		r.Subscribe = s
	}
	return r
}

func TestARequestIsTheSameInBothEncodings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawRequest(t)
		var payload any
		if want.Method != "" && rapid.Bool().Draw(t, "with payload") {
			payload = drawTree(t, 3)
		}
		for _, enc := range []Encoding{JSON, CBOR} {
			want.Encoding = enc
			want.Payload = nil
			if payload != nil {
				var err error
				if want.Payload, err = enc.Marshal(payload); err != nil {
					t.Fatal(err)
				}
			}
			stream, err := want.Append([]byte("before"), enc)
			if err != nil {
				t.Fatal(err)
			}
			frames := NewFrameReader(strings.NewReader(strings.TrimPrefix(string(stream), "before")), enc, nil)
			frame, err := frames.Next()
			if err != nil {
				t.Fatal(err)
			}
			got, wire := ParseRequest(enc, frame)
			if wire != nil {
				t.Fatalf("%v: %v", enc, wire)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%v:\n%+v, want\n%+v", enc, got, want)
			}
			if payload != nil {
				var tree any
				if err := enc.UnmarshalStrict(got.Payload, &tree); err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(normal(tree)) != fmt.Sprint(normal(payload)) {
					t.Fatalf("%v: payload %v, want %v", enc, tree, payload)
				}
			}
			clear(frame) // the buffer is used again; only the payload may notice
			got.Payload = want.Payload
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%v: once its frame was gone:\n%+v, want\n%+v", enc, got, want)
			}
		}
	})
}

// drawTree draws a value that both encodings have, no more than depth levels
// deep.
func drawTree(t *rapid.T, depth int) any {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.Bool().Draw(t, "bool")
	case 1:
		return rapid.Int64Range(-MaxID, MaxID).Draw(t, "integer")
	case 2:
		return rapid.Float64().Draw(t, "float")
	case 3:
		return rapid.String().Draw(t, "text")
	case 4:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "elements") {
			list = append(list, drawTree(t, depth-1))
		}
		return list
	}
	pairs := map[string]any{}
	for range rapid.IntRange(0, 3).Draw(t, "pairs") {
		pairs[rapid.String().Draw(t, "key")] = drawTree(t, depth-1)
	}
	return pairs
}

// normal makes all numbers in tree float64, as JSON has them, so that trees
// from both encodings compare.
func normal(tree any) any {
	switch v := tree.(type) {
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float64:
		return v + 0 // −0 is 0
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = normal(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = normal(v[k])
		}
		return out
	}
	return tree
}

// FuzzParseRequest parses any frame: what is accepted encodes to a frame that
// parses to the same, what is refused gets a small answer that a client reads.
func FuzzParseRequest(f *testing.F) {
	f.Fuzz(func(t *testing.T, cbor bool, frame []byte) {
		enc := JSON
		if cbor {
			enc = CBOR
		}
		before := string(frame)
		req, wire := ParseRequest(enc, frame)
		if string(frame) != before {
			t.Fatal("the frame was written to")
		}
		if wire != nil {
			checkAnswer(t, enc, req.ID, wire)
			return
		}
		if req.Payload != nil {
			if err := req.Encoding.check(req.Payload); err != nil {
				t.Fatalf("payload %q: %v", req.Payload, err)
			}
		}
		if req.Encoding != enc {
			return // Append does not make payload_cbor
		}
		again, err := req.Append(nil, enc)
		if err != nil {
			t.Fatal(err)
		}
		body, err := NewFrameReader(strings.NewReader(string(again)), enc, nil).Next()
		if err != nil {
			t.Fatal(err)
		}
		got, wire := ParseRequest(enc, body)
		if wire != nil || !reflect.DeepEqual(canonical(got), canonical(req)) {
			t.Fatalf("%v:\n%+v, want\n%+v", wire, got, req)
		}
	})
}

// canonical makes lists that are empty and lists that are absent the same.
func canonical(r Request) Request {
	if r.Subscribe != nil && len(r.Subscribe.EventTypes) == 0 {
		r.Subscribe.EventTypes = nil
	}
	return r
}

func checkAnswer(t *testing.T, enc Encoding, id uint64, wire *Error) {
	t.Helper()
	if wire.Code != InvalidRequest || wire.Message == "" {
		t.Fatalf("%+v", wire)
	}
	answer := AppendError(nil, enc, id, wire)
	if len(answer) > 2*maxErrorText {
		t.Fatalf("an answer of %d bytes", len(answer))
	}
	body, err := NewFrameReader(strings.NewReader(string(answer)), enc, nil).Next()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := ParseReply(enc, body)
	if err != nil || reply.ID != id || reply.Error == nil || reply.Error.Message != wire.Message {
		t.Fatalf("%+v, %v", reply, err)
	}
}

func BenchmarkParseRequest(b *testing.B) {
	query := Request{Type: TypeQuery, ID: 12345, Method: "core.status"}
	full := Request{Type: TypeQuery, ID: 12345, Method: "search.files", LibraryID: mustID(someID), TimeoutMS: 5000, TraceID: "0190a3c4"}
	for _, enc := range []Encoding{JSON, CBOR} {
		full.Payload, _ = enc.Marshal(object{"query": "holiday 2024", "filters": object{"extensions": []string{"jpg", "png"}, "include_hidden": true}, "limit": 50})
		for name, req := range map[string]*Request{"small": &query, "full": &full} {
			b.Run(fmt.Sprintf("%v/%s", enc, name), func(b *testing.B) {
				stream, err := req.Append(nil, enc)
				if err != nil {
					b.Fatal(err)
				}
				frame, err := NewFrameReader(strings.NewReader(string(stream)), enc, nil).Next()
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(frame)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := ParseRequest(enc, frame); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
