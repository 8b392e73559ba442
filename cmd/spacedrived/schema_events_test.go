package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// TestEventsFitTheirSchemas subscribes to everything from the daemon's start to
// its end and checks the data of each event. Every type of event that
// core.methods describes has to come.
func TestEventsFitTheirSchemas(t *testing.T) {
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		t.Run(enc.String(), func(t *testing.T) { watchALife(t, enc) })
	}
}

func watchALife(t *testing.T, enc protocol.Encoding) {
	dir := t.TempDir()
	data, tree := filepath.Join(dir, "data"), filepath.Join(dir, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, "bad\xffname"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := launch{args: []string{"--data-dir", data}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	schemas := fetchSchemas(t, enc, socket)
	p := newPlayer(t, enc, socket)
	came := make(map[string]bool)
	next := func() object {
		v := p.message().(object)
		if v["type"] == "event" {
			schemas.checkEvent(t, v)
			checkIDs(t, v)
			came[get(v, "event.type")] = true
		}
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
	ask("2", `{"type":"subscribe","id":2,"event_types":`+types+`,"after":{"boot_id":"`+boot+`","seq":0}}`)
	library := idOf(ask("3", `{"type":"action","id":3,"method":"libraries.create","payload":{"name":"Home"}}`), "payload.id")
	location := idOf(ask("4", `{"type":"action","id":4,"method":"locations.add","payload":{"path":"`+tree+`"}}`), "payload.location.id")
	for get(next(), "event.data.status") != "completed" {
	}
	ask("5", `{"type":"action","id":5,"method":"locations.remove","payload":{"location_id":"`+location+`"}}`)
	ask("6", `{"type":"action","id":6,"method":"libraries.rename","library_id":"`+library+`","payload":{"new_name":"Haus"}}`)
	ask("7", `{"type":"action","id":7,"method":"libraries.delete","library_id":"`+library+`"}`)
	p.send(`{"type":"shutdown","id":8}`)
	for next()["type"] != "end" {
	}
	if code, _ := d.wait(); code != 0 {
		t.Errorf("exit %d", code)
	}
	for typ := range schemas.events {
		if !came[typ] {
			t.Errorf("no %s came", typ)
		}
	}
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

// TestSchemasRefuseTheInputsThatTheDaemonRefuses sends the calls of the
// transcripts with one thing in the payload changed, and compares the daemon's
// answer with the schema: an input that the daemon cannot decode must not fit,
// one that it takes must, unless a key was removed, which it sometimes allows.
func TestSchemasRefuseTheInputsThatTheDaemonRefuses(t *testing.T) {
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		t.Run(enc.String(), func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			launch{args: []string{"--data-dir", data}}.start(t)
			socket := filepath.Join(data, "daemon", "daemon.sock")
			schemas := fetchSchemas(t, enc, socket)
			p := newPlayer(t, enc, socket)
			tried, refused := 0, 0
			for _, request := range scriptedRequests(t) {
				p.send(request)
				p.answer()
				message := tree(t, enc, p.sent).(object)
				name, _ := message["method"].(string)
				method, ok := schemas.methods[name]
				if !ok {
					continue
				}
				input := payload(t, message)
				message["payload"] = input
				eachMutant(input, "payload", func(change, place string) {
					p.sendTree(message)
					reply := p.answer()
					bad := check(method.input, input)
					tried++
					switch code := get(reply, "error.code"); {
					case code == string(protocol.Deserialization):
						refused++
						if bad == nil {
							t.Errorf("the daemon refuses what the schema allows (%s %s): %v\n%v", change, place, message, reply)
						}
					case code == "" && change != "removed" && bad != nil:
						t.Errorf("the daemon takes what the schema does not allow (%s %s): %v\n%v", change, place, message, bad)
					}
				})
			}
			if tried < 100 || refused < tried/3 {
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

// sendTree sends a message that tree made.
func (p *player) sendTree(message object) {
	p.t.Helper()
	if p.enc == protocol.CBOR {
		p.write(cborFrame(p.t, message))
		return
	}
	line, err := json.Marshal(message)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(append(line, '\n'))
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
	return tree(p.t, p.enc, frame)
}
