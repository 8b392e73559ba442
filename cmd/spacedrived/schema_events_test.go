package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// TestEventsFitTheSchema subscribes to everything from the daemon's start to
// its end, and holds each message against the schema. Every type of event that
// this version sends has to come.
func TestEventsFitTheSchema(t *testing.T) {
	var want []string
	for _, typ := range protocol.EventTypes {
		text := string(typ)
		if !strings.HasPrefix(text, "Volume") && !strings.HasPrefix(text, "Device") && text != "PairingUpdate" {
			want = append(want, text)
		}
	}
	want = append(want, "gap", "heartbeat", "end", "pong", "unsubscribed", "subscribed")
	slices.Sort(want)
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		t.Run(enc.String(), func(t *testing.T) {
			got := watchALife(t, enc)
			for _, typ := range want {
				if !got[typ] {
					t.Errorf("no %s came", typ)
				}
			}
		})
	}
}

// watchALife returns the types of the messages and events that came.
func watchALife(t *testing.T, enc protocol.Encoding) map[string]bool {
	dir := t.TempDir()
	data, tree := filepath.Join(dir, "data"), filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, "bad\xffname"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := launch{args: []string{"--data-dir", data}}.start(t)
	p := &player{t: t, enc: enc, conn: dial(t, filepath.Join(data, "daemon", "daemon.sock")), schema: readSchema(t, enc)}
	p.frames = protocol.NewFrameReader(p.conn, enc, nil)
	came := make(map[string]bool)
	// next returns the next message, checked.
	next := func() any {
		frame, err := p.frames.Next()
		if err != nil {
			t.Fatalf("no message: %v", err)
		}
		if err := p.schema.check("reply", frame); err != nil {
			t.Errorf("%v\n%s", err, frame)
		}
		v := p.schema.tree(frame)
		typ := get(v, "type")
		if typ == "event" {
			checkIDs(t, v)
			typ = get(v, "event.type")
			if !came[typ] || typ == "JobUpdate" {
				p.schema.checkMutants("reply", frame)
			}
		} else if typ != "ok" && typ != "error" {
			p.schema.checkMutants("reply", frame)
		}
		came[typ] = true
		return v
	}
	// ask returns the answer with the id, whatever comes before it.
	ask := func(id, request string) any {
		p.send(request)
		for {
			if v := next(); get(v, "id") == id {
				return v
			}
		}
	}
	boot := idOf(ask("1", `{"type":"query","id":1,"method":"core.status"}`), "payload.boot_id")
	types := `["` + strings.Join(eventNames(), `","`) + `"]`
	ask("2", `{"type":"subscribe","id":2,"event_types":`+types+`,"after":{"boot_id":"`+boot+`","seq":0},"heartbeat_ms":50}`)
	ask("3", `{"type":"subscribe","id":3,"after":{"boot_id":"01890a5d-ac96-774b-bcce-b302099a8057","seq":7}}`)
	library := idOf(ask("4", `{"type":"action","id":4,"method":"libraries.create","payload":{"name":"Home"}}`), "payload.id")
	location := idOf(ask("5", `{"type":"action","id":5,"method":"locations.add","payload":{"path":"`+tree+`"}}`), "payload.location.id")
	for get(next(), "event.data.status") != "completed" {
	}
	ask("6", `{"type":"action","id":6,"method":"locations.remove","payload":{"location_id":"`+location+`"}}`)
	ask("7", `{"type":"action","id":7,"method":"libraries.rename","library_id":"`+library+`","payload":{"new_name":"Haus"}}`)
	ask("8", `{"type":"action","id":8,"method":"libraries.delete","library_id":"`+library+`"}`)
	ask("9", `{"type":"ping","id":9}`)
	ask("10", `{"type":"unsubscribe","id":10,"target":3}`)
	for !came["heartbeat"] || !came["gap"] {
		next()
	}
	p.send(`{"type":"shutdown","id":11}`)
	for {
		if next(); came["end"] && came["CoreShutdown"] {
			break
		}
	}
	if _, err := p.frames.Next(); err != nil && !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if code, _ := d.wait(); code != 0 {
		t.Errorf("exit %d", code)
	}
	return came
}

func eventNames() []string {
	var names []string
	for _, typ := range protocol.EventTypes {
		names = append(names, string(typ))
	}
	return names
}

// idOf returns the text of an id in either encoding.
func idOf(v any, path string) string {
	for _, key := range strings.Split(path, ".") {
		v = v.(object)[key]
	}
	if b, ok := v.([]byte); ok {
		return protocol.ID(b).String()
	}
	return v.(string)
}

// TestTheSchemaRefusesWhatTheDaemonRefuses sends the requests of the
// transcripts with one thing changed, and compares the daemon's word with the
// schema's: what is no message or no input for it must not fit the schema.
// What the daemon grants must fit, unless a key was taken away, which it is
// more lenient about here and there.
func TestTheSchemaRefusesWhatTheDaemonRefuses(t *testing.T) {
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		t.Run(enc.String(), func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			launch{args: []string{"--data-dir", data}}.start(t)
			p := &player{t: t, enc: enc, conn: dial(t, filepath.Join(data, "daemon", "daemon.sock")), schema: readSchema(t, enc)}
			p.frames = protocol.NewFrameReader(p.conn, enc, nil)
			tried, refused := 0, 0
			for _, request := range scriptedRequests(t) {
				p.send(request)
				original := p.schema.tree(p.sent)
				p.answer()
				for _, m := range mutants(original) {
					frame := p.schema.untree(m.tree)
					if enc == protocol.JSON {
						p.write(append(frame, '\n'))
					} else {
						p.write(append([]byte{0, byte(len(frame) >> 16), byte(len(frame) >> 8), byte(len(frame))}, frame...))
					}
					reply := p.answer()
					bad := p.schema.check("request", frame)
					tried++
					switch code := get(reply, "error.code"); {
					case code == "invalid_request" || code == "deserialization":
						refused++
						if bad == nil {
							t.Errorf("the daemon refuses what the schema allows (%s %s): %s\n%v", m.what, m.key, frame, reply)
						}
					case code == "" && m.what != "removed" && bad != nil:
						t.Errorf("the daemon takes what the schema does not allow (%s %s): %s\n%v", m.what, m.key, frame, bad)
					}
				}
			}
			if tried < 500 || refused < tried/3 {
				t.Errorf("%d mutants, %d refused: too few to tell anything", tried, refused)
			}
		})
	}
}

func scriptedRequests(t *testing.T) (all []string) {
	t.Helper()
	scripts, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, request, ok := strings.Cut(strings.TrimSpace(line), " ")
			if ok && line[0] == '>' && !strings.Contains(request, `"shutdown"`) {
				request = anyScriptID.ReplaceAllString(request, "01890a5d-ac96-774b-bcce-b302099a8057")
				all = append(all, strings.NewReplacer("$TREE", "/tree", "$DATA", "/data", "$HUGE", "/huge").Replace(request))
			}
		}
	}
	return all
}

func (p *player) write(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// answer returns the answer to the one message that has none yet, and ends
// the subscription that it began.
func (p *player) answer() any {
	p.t.Helper()
	for {
		v := p.message()
		switch get(v, "type") {
		case "event", "gap", "heartbeat", "end":
			continue
		case "subscribed":
			if id := get(v, "id"); id != "" { // which is in use until the end
				p.send(`{"type":"unsubscribe","target":` + id + `}`)
				for came := ""; !strings.Contains(came, "end") || !strings.Contains(came, "unsubscribed"); {
					came += get(p.message(), "type") + " "
				}
			}
		}
		return v
	}
}

func (p *player) message() any {
	p.t.Helper()
	frame, err := p.frames.Next()
	if err != nil {
		p.t.Fatal(err)
	}
	return p.schema.tree(frame)
}
