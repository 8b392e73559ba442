package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/spacedrive-go/spacedrive/protocol"
)

//go:generate go test -run ^TestTranscripts$ . -update

var update = flag.Bool("update", false, "write what the daemon answers into the transcripts")

// TestTranscripts sends the requests of each script to a daemon of its own, in
// both encodings, and compares what comes back with the transcript.
//
// A script is testdata/transcripts/NAME.txt. A line "> {…}" is a request with
// one message in answer, ">3 {…}" one with three, and "job" waits for the
// newest job's end. $TREE is a folder of files, $HUGE one of folders with a file
// each that takes for ever to read, $DATA the data folder; <id1> is the first
// id that came, and so on, those of one message by the names of their keys. The transcripts, NAME.json and
// NAME.cbor, show what came: lines as they are, frames in the diagnostic
// notation of RFC 8949. What differs from run to run is replaced, and messages
// that answer the same request, or were caused by it, are sorted.
//
// Inputs, outputs and the data of events are checked against the JSON Schemas of
// core.methods, and every operation has to be answered once.
func TestTranscripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		data := filepath.Join(t.TempDir(), "data")
		launch{args: []string{"--data-dir", data}}.start(t)
		schemas := fetchSchemas(t, enc, filepath.Join(data, "daemon", "daemon.sock"))
		for _, script := range scripts {
			golden := strings.TrimSuffix(script, "txt") + enc.String()
			t.Run(filepath.Base(golden), func(t *testing.T) {
				got := play(t, script, schemas)
				if *update {
					if err := os.WriteFile(golden, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				compareLines(t, golden, string(got), string(want))
			})
		}
		for _, method := range schemas.methods {
			if !schemas.answered[method.name] {
				t.Errorf("no transcript in %v has an answer of %s", enc, method.name)
			}
		}
	}
}

func compareLines(t *testing.T, golden, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("%s:%d (run go generate ./... if this is meant)\ngot  %s\nwant %s", golden, i+1, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Errorf("%s has %d lines, and %d came", golden, len(w), len(g))
	}
}

// A player holds one run of a script.
type player struct {
	t       *testing.T
	enc     protocol.Encoding
	conn    net.Conn
	frames  *protocol.FrameReader
	schemas *payloadSchemas
	sent    []byte   // the last message
	ids     []string // in the order in which they came
	tree    string
	fixed   *strings.Replacer
	out     bytes.Buffer
}

func newPlayer(t *testing.T, enc protocol.Encoding, socket string) *player {
	t.Helper()
	conn := dial(t, socket)
	return &player{t: t, enc: enc, conn: conn, frames: protocol.NewFrameReader(conn, enc, nil)}
}

func play(t *testing.T, script string, schemas *payloadSchemas) []byte {
	dir := t.TempDir()
	data, tree := filepath.Join(dir, "data"), filepath.Join(dir, "tree")
	for _, name := range []string{"report.pdf", "photos/Été.jpg", "photos/raw/bad\xffname.txt", ".hidden/notes.md"} {
		path := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name[:4]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	huge := filepath.Join(dir, "huge")
	for _, name := range []string{"1", "2", "3", "4", "5"} { // nobody reads one of these to its end
		if err := os.MkdirAll(filepath.Join(huge, name), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(huge, name, "disk.img"))
		if err == nil {
			err = errors.Join(f.Truncate(1<<40), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	d := launch{args: []string{"--data-dir", data}}.start(t)
	p := newPlayer(t, schemas.enc, filepath.Join(data, "daemon", "daemon.sock"))
	p.schemas = schemas
	p.fixed = strings.NewReplacer(data, "<data>", tree, "<tree>", huge, "<huge>")
	p.tree = tree
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.NewReplacer("$TREE", tree, "$DATA", data, "$HUGE", huge).Replace(strings.TrimSuffix(line, "\n"))
		switch {
		case line == "" || line[0] == '#':
			fmt.Fprintln(&p.out, line)
		case line == "job":
			p.awaitJob()
		case line[0] == '>':
			p.exchange(line)
		default:
			t.Fatalf("%s: what is %q?", script, line)
		}
	}
	if strings.Contains(string(text), `"shutdown"`) {
		if code, _ := d.wait(); code != 0 {
			t.Errorf("exit %d after shutdown", code)
		}
	}
	return p.out.Bytes()
}

// exchange sends one request and shows it with what comes.
func (p *player) exchange(line string) {
	count, request, _ := strings.Cut(line[1:], " ")
	n := 1
	if count != "" {
		var err error
		if n, err = strconv.Atoi(count); err != nil {
			p.t.Fatal(err)
		}
	}
	for i, id := range p.ids {
		request = strings.ReplaceAll(request, fmt.Sprintf("<id%d>", i+1), id)
	}
	p.send(request)
	var came []string
	for range n {
		came = append(came, p.recv())
	}
	slices.Sort(came)
	fmt.Fprintln(&p.out, ">", p.normal(request))
	for _, message := range came {
		fmt.Fprintln(&p.out, "<", p.normal(message))
	}
}

func (p *player) send(request string) {
	p.t.Helper()
	frame := []byte(request + "\n")
	p.sent = frame
	if p.enc == protocol.CBOR {
		frame = frameOf(p.t, request)
		p.sent = frame[4:]
	}
	p.write(frame)
}

func (p *player) write(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// recv returns the next message as text.
func (p *player) recv() string {
	p.t.Helper()
	frame, err := p.frames.Next()
	if err != nil {
		p.t.Fatalf("no message: %v", err)
	}
	p.schemas.checkExchange(p.t, p.sent, frame)
	p.register(tree(p.t, p.enc, frame))
	if p.enc == protocol.JSON {
		return string(frame)
	}
	text, err := cbor.Diagnose(frame)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// register numbers the ids in a message, the same in both encodings.
func (p *player) register(v any) {
	switch v := v.(type) {
	case object:
		for _, key := range sortedKeys(v) {
			p.register(v[key])
		}
	case []any:
		for i := range v {
			p.register(v[i])
		}
	case []byte:
		if len(v) == len(protocol.ID{}) {
			p.number(protocol.ID(v).String())
		}
	case string:
		if uuidText.FindString(v) == v && v != "" {
			p.number(v)
		}
	}
}

// number returns the number of an id: the next one for one that is new.
func (p *player) number(id string) int {
	i := slices.Index(p.ids, id)
	if i < 0 {
		i = len(p.ids)
		p.ids = append(p.ids, id)
	}
	return i + 1
}

// awaitJob waits until the newest job has ended.
func (p *player) awaitJob() {
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		p.send(`{"type":"query","id":999,"method":"jobs.list","payload":{"limit":1}}`)
		if text := p.recv(); strings.Contains(text, "completed") || strings.Contains(text, "failed") {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatal("the job does not end")
		}
		<-tick.C
	}
}

var (
	uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|h'[0-9a-f]{32}'`)
	timeText = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	changing = regexp.MustCompile(`"(pid|uptime_ms|resident|heap|took_ms|elapsed_ms|size_on_disk|seq|connections|done|bytes_done|` +
		`answers_waiting|bytes_waiting|calls_total|bytes_read|bytes_written|age_ms|timeout_left_ms|log_lines|log_seq|goroutines|cpus|memory|heap_goal|stacks|gcs|gc_pause_ms|uid)": ?[0-9.e+-]+`)
	rate        = regexp.MustCompile(`, ?"rate": ?[0-9.e+-]+`) // only of a job that has run for a while
	madeUp      = regexp.MustCompile(`"(trace_id|version|next_cursor|current|program|go)": ?"[^"]*"`)
	anyScriptID = regexp.MustCompile(`<id\d+>`)
	wireString  = regexp.MustCompile(`^h'([0-9a-f]{32})'$`)
	scraped     = regexp.MustCompile(`"text": ?"(?:[^"\\]|\\.)*"`)
)

// normal replaces what differs from run to run.
func (p *player) normal(text string) string {
	text = uuidText.ReplaceAllStringFunc(text, func(id string) string {
		if m := wireString.FindStringSubmatch(id); m != nil {
			h := m[1]
			id = strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
		}
		return fmt.Sprintf("<id%d>", p.number(id))
	})
	text = p.fixed.Replace(p.decoded(text))
	text = timeText.ReplaceAllString(text, "<time>")
	text = rate.ReplaceAllString(text, "")
	text = changing.ReplaceAllString(text, `"$1":0`)
	text = scraped.ReplaceAllString(text, `"text":"<text>"`)
	return madeUp.ReplaceAllString(text, `"$1":"<$1>"`)
}

var binaryPath = regexp.MustCompile(`"b64":"([^"]*)"|h'([0-9a-f]{34,})'`)

// decoded shows the binary paths that are below the tree as the text that they
// nearly are.
func (p *player) decoded(text string) string {
	return binaryPath.ReplaceAllStringFunc(text, func(s string) string {
		m := binaryPath.FindStringSubmatch(s)
		path, _ := base64.StdEncoding.DecodeString(m[1])
		if m[2] != "" {
			path, _ = hex.DecodeString(m[2])
		}
		below, ok := strings.CutPrefix(string(path), p.tree)
		if !ok {
			return s
		}
		return strings.Replace(s, m[1]+m[2], fmt.Sprintf("<the bytes of %+q>", "<tree>"+below), 1)
	})
}

// frameOf returns the CBOR frame of a request that is written in JSON.
func frameOf(t *testing.T, request string) []byte {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(request))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, request)
	}
	return cborFrame(t, wireForm(v))
}

func cborFrame(t *testing.T, v any) []byte {
	t.Helper()
	body, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{0, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
}

// wireForm returns a JSON value as CBOR has it: ids and paths that are not
// UTF-8 as bytes, whole numbers as such.
func wireForm(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case string:
		if id, err := protocol.ParseID(v); err == nil {
			return id[:]
		}
		return v
	case []any:
		for i := range v {
			v[i] = wireForm(v[i])
		}
		return v
	case map[string]any:
		if b64, ok := v["b64"].(string); ok {
			b, _ := base64.StdEncoding.DecodeString(b64)
			return b
		}
		for key := range v {
			v[key] = wireForm(v[key])
		}
		return v
	}
	return v
}
