package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/spacedrive-go/spacedrive/contrib/readme"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// TestTheDialoguesInTheDocs plays every dialogue in docs/protocol.md to one
// daemon, in their order, and compares what comes with what stands there.
//
// What differs from run to run may: an id, a time, a number of events. It must
// be the same thing throughout, though: where the document shows an id again,
// or the same seq, the daemon has to send again what it sent there. "…" stands
// for anything, /home/ann for the home folder. Lines from the daemon that
// follow one another may come in any order.
func TestTheDialoguesInTheDocs(t *testing.T) {
	h := newHome(t)
	schemas := fetchSchemas(t, protocol.JSON, h.socket)
	played := 0
	for _, b := range readDoc(t, "protocol.md") {
		switch b.Kind {
		case "dialogue":
			h.t = t
			h.play(b, schemas)
			played++
		case "hex":
			h.exchangeFrames(b)
			played++
		case "sh", "text": // TestTheCommandsInTheDocs
		case "":
			if !strings.HasPrefix(b.Text, "go run ./contrib/bench ") { // which has tests of its own
				t.Errorf("protocol.md:%d: nobody runs %s", b.Line, b.Text)
			}
		default:
			t.Errorf("protocol.md:%d: nobody checks a block of kind %q", b.Line, b.Kind)
		}
	}
	if played < 12 {
		t.Errorf("only %d dialogues", played)
	}
}

func readDoc(t *testing.T, name string) []readme.Block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return readme.Blocks(string(text))
}

// A home is a home folder with files, and a daemon on its data folder.
type home struct {
	t      *testing.T
	dir    string
	socket string
	bound  map[string]string // what stands in the document → what came
}

func newHome(t *testing.T) *home {
	t.Helper()
	dir, err := os.MkdirTemp("", "home") // short: a socket is below
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, name := range []string{"beach.jpg", "Été.jpg", "2024/report 1.pdf", "2024/report 2.pdf", "2025/report 3.pdf", "2025/raw/bad\xffname.txt"} {
		path := filepath.Join(dir, "Photos", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, ".local/share/spacedrive")
	launch{args: []string{"--data-dir", data}, env: []string{"HOME=" + dir}}.start(t)
	h := &home{t: t, dir: dir, socket: filepath.Join(data, "daemon/daemon.sock"), bound: make(map[string]string)}
	dial(t, h.socket) // there is a daemon
	return h
}

// varying matches what may differ, and what stands for anything.
var varying = regexp.MustCompile(`…` +
	`|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}` +
	`|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z` +
	`|"(?:seq|from|to)":\d+` +
	`|"version":"[^"]*"` +
	`|"(?:pid|uptime_ms|took_ms|elapsed_ms|rate)":[0-9.]+`)

// A pattern is a line of the document as what has to come.
type pattern struct {
	text  string
	re    *regexp.Regexp
	binds []string // a name for each group
}

// pattern makes one of a line. What is bound already has to come again.
func (h *home) pattern(line string) pattern {
	p := pattern{text: line}
	line = strings.ReplaceAll(line, "/home/ann", h.dir)
	var re strings.Builder
	at := 0
	for _, span := range varying.FindAllStringIndex(line, -1) {
		re.WriteString(regexp.QuoteMeta(line[at:span[0]]))
		re.WriteString(h.part(line[span[0]:span[1]], &p))
		at = span[1]
	}
	re.WriteString(regexp.QuoteMeta(line[at:]))
	p.re = regexp.MustCompile(`(?s)^` + re.String() + `$`)
	return p
}

func (h *home) part(text string, p *pattern) string {
	key, number, isMember := strings.Cut(text, ":")
	switch {
	case text == "…":
		return `.*?`
	case text[0] != '"' && strings.Contains(text, "T"):
		return `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`
	case text[0] != '"':
		if is, ok := h.bound[text]; ok {
			return is
		}
		p.binds = append(p.binds, text)
		return `([0-9a-f-]{36})`
	case isMember && (key == `"seq"` || key == `"to"`):
		if is, ok := h.bound["seq "+number]; ok {
			return key + ":" + is
		}
		p.binds = append(p.binds, "seq "+number)
		return key + `:(\d+)`
	case key == `"from"`:
		return text
	case key == `"version"`:
		return `"version":"[^"]*"`
	}
	return key + `:[0-9.]+`
}

// fits reports whether p is what came, and notes what it is bound to then.
func (h *home) fits(p pattern, came string) bool {
	m := p.re.FindStringSubmatch(came)
	if m == nil {
		return false
	}
	for i, name := range p.binds {
		if is, ok := h.bound[name]; ok && is != m[i+1] {
			return false
		}
		h.bound[name] = m[i+1]
	}
	return true
}

var sentSeq = regexp.MustCompile(`"seq":(\d+)`)

// actual returns what the client sends for a line of the document.
func (h *home) actual(line string) string {
	line = strings.ReplaceAll(line, "/home/ann", h.dir)
	for name, is := range h.bound {
		if !strings.HasPrefix(name, "seq ") {
			line = strings.ReplaceAll(line, name, is)
		}
	}
	return sentSeq.ReplaceAllStringFunc(line, func(s string) string {
		if is, ok := h.bound["seq "+strings.TrimPrefix(s, `"seq":`)]; ok {
			return `"seq":` + is
		}
		return s
	})
}

func (h *home) play(b readme.Block, schemas *payloadSchemas) {
	h.t.Helper()
	switch b.Note {
	case "":
	case "locked":
		defer h.lock()()
	case "indexed":
		h.awaitJobs()
	default:
		h.t.Fatalf("protocol.md:%d: what is a dialogue that is %q?", b.Line, b.Note)
	}
	conn := dial(h.t, h.socket)
	defer conn.Close()
	var expected []pattern
	sent := make(map[string][]byte) // by id
	// settle reads until all that is expected has come.
	settle := func(line int) {
		for len(expected) > 0 {
			message, err := conn.lines.ReadString('\n')
			if err != nil {
				h.t.Fatalf("protocol.md:%d: %v; still expected: %s", line, err, expected[0].text)
			}
			message = strings.TrimSuffix(message, "\n")
			if request, ok := sent[get(tree(h.t, protocol.JSON, []byte(message)), "id")]; ok {
				schemas.checkExchange(h.t, request, []byte(message))
			}
			if !h.takes(&expected, message) {
				h.t.Fatalf("protocol.md:%d:\ngot  %s\nwant %s", line, message, expected[0].text)
			}
		}
	}
	for i, text := range strings.Split(b.Text, "\n") {
		line := b.Line + i
		dir, body, ok := strings.Cut(text, " ")
		switch {
		case ok && dir == "<" && body == "(closed)":
			settle(line)
			if rest, err := io.ReadAll(conn.lines); err != nil || len(rest) > 0 {
				h.t.Fatalf("protocol.md:%d: not closed: %q, %v", line, rest, err)
			}
		case ok && dir == "<":
			expected = append(expected, h.pattern(body))
		case ok && dir == ">":
			settle(line)
			if body == "(half-close)" {
				if err := conn.CloseWrite(); err != nil {
					h.t.Fatal(err)
				}
				continue
			}
			request := h.actual(body)
			if strings.HasPrefix(request, "{") {
				sent[get(tree(h.t, protocol.JSON, []byte(request)), "id")] = []byte(request)
			}
			if _, err := fmt.Fprintln(conn, request); err != nil {
				h.t.Fatal(err)
			}
		default:
			h.t.Fatalf("protocol.md:%d: what is %q?", line, text)
		}
	}
	settle(b.Line)
}

// takes removes the first pattern that fits what came. Patterns are made anew,
// for what others of them have bound since.
func (h *home) takes(expected *[]pattern, came string) bool {
	for i := range *expected {
		if h.fits(h.pattern((*expected)[i].text), came) {
			*expected = append((*expected)[:i:i], (*expected)[i+1:]...)
			return true
		}
	}
	return false
}

// lock takes the write lock of the library's database, as another program
// might.
func (h *home) lock() (unlock func()) {
	h.t.Helper()
	paths, err := filepath.Glob(filepath.Join(h.dir, ".local/share/spacedrive/libraries/*/*.db"))
	if err != nil || len(paths) != 1 {
		h.t.Fatalf("databases: %v, %v", paths, err)
	}
	db, err := sqlite.OpenConn(paths[0], sqlite.OpenReadWrite)
	if err != nil {
		h.t.Fatal(err)
	}
	db.SetBusyTimeout(patience)
	if err := sqlitex.ExecuteTransient(db, "BEGIN IMMEDIATE", nil); err != nil {
		h.t.Fatal(err)
	}
	return func() {
		if err := errors.Join(sqlitex.ExecuteTransient(db, "ROLLBACK", nil), db.Close()); err != nil {
			h.t.Error(err)
		}
	}
}

// awaitJobs waits until no job is left to run.
func (h *home) awaitJobs() {
	h.t.Helper()
	conn := dial(h.t, h.socket)
	defer conn.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		jobs := conn.ok(`{"type":"query","method":"core.status"}`)["jobs"]
		if get(jobs, "running") == "0" && get(jobs, "queued") == "0" {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("jobs do not end: %v", jobs)
		}
	}
}

// exchangeFrames sends the bytes of a block and compares those that come. A
// line is "> 00 0f  # what it is", and belongs to the direction that was given
// last.
func (h *home) exchangeFrames(b readme.Block) {
	h.t.Helper()
	conn := dial(h.t, h.socket)
	defer conn.Close()
	dir := ""
	var send, want []byte
	flush := func(line int) {
		if _, err := conn.Write(send); err != nil {
			h.t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn.lines, got); err != nil || !bytes.Equal(got, want) {
			h.t.Errorf("protocol.md:%d: % x came, %v", line, got, err)
		}
		send, want = nil, nil
	}
	scan := bufio.NewScanner(strings.NewReader(b.Text))
	for line := b.Line; scan.Scan(); line++ {
		digits, comment, _ := strings.Cut(scan.Text(), "#")
		if mark := strings.TrimSpace(digits[:1]); mark != "" {
			if mark == ">" && len(want) > 0 {
				flush(line)
			}
			dir = mark
		}
		var some []byte
		if _, err := fmt.Sscanf(strings.ReplaceAll(digits[1:], " ", ""), "%x", &some); err != nil {
			h.t.Fatalf("protocol.md:%d: %v", line, err)
		}
		if err := explains(strings.TrimSpace(comment), some); err != nil {
			h.t.Errorf("protocol.md:%d: %v", line, err)
		}
		if dir == ">" {
			send = append(send, some...)
		} else {
			want = append(want, some...)
		}
	}
	flush(b.Line)
}

// explains checks that a comment says what the bytes are.
func explains(comment string, b []byte) error {
	var is string
	switch {
	case len(b) == 4 && b[0] == 0:
		is = fmt.Sprintf("length %d", int(b[1])<<16|int(b[2])<<8|int(b[3]))
	case len(b) == 1 && b[0]>>5 == 5:
		is = fmt.Sprintf("map %d", b[0]&31)
	default:
		var v any
		if err := textKeys.Unmarshal(b, &v); err != nil {
			return err
		}
		is = fmt.Sprintf("%#v", v)
		if n, ok := v.(uint64); ok {
			is = fmt.Sprint(n)
		}
	}
	if comment != is {
		return fmt.Errorf("% x is %s, not %s", b, is, comment)
	}
	return nil
}

// TestHelloTellsWhatTheDocsSay compares the names of limits and features, and
// the limits' defaults, with the tables in docs/protocol.md.
func TestHelloTellsWhatTheDocsSay(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	tables := readme.Tables(string(text))
	var limits, features []string
	for _, row := range tables["limit"] {
		limits = append(limits, readme.Words(row[3])...)
	}
	for _, row := range tables["feature"] {
		features = append(features, readme.Words(row[0])...)
	}
	data := filepath.Join(t.TempDir(), "data")
	launch{args: []string{"--data-dir", data}}.start(t)
	hello := dial(t, filepath.Join(data, "daemon", "daemon.sock")).ok(`{"type":"hello"}`)
	told := sortedKeys(hello["limits"].(object))
	slices.Sort(limits)
	if !slices.Equal(limits, told) {
		t.Errorf("limits %q in the document, %q in hello", limits, told)
	}
	if got := fmt.Sprint(hello["features"]); got != fmt.Sprint(features) {
		t.Errorf("features %q in the document, %s in hello", features, got)
	}
}
