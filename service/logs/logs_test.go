package logs

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFileHoldsAnObjectALine(t *testing.T) {
	path := File(t.TempDir())
	l, err := Open(JSON, path)
	if err != nil {
		t.Fatal(err)
	}
	log := l.Logger()
	log.Info().Str("target", "test").Str("trace_id", "t-1").Int("n", 5).Msg("hello")
	log.Error().Err(errors.New("no luck")).Msg("bad\xff bytes")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]any
	for line := range strings.Lines(string(text)) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		lines = append(lines, m)
	}
	if len(lines) != 2 || lines[0]["message"] != "hello" || lines[0]["trace_id"] != "t-1" || lines[1]["error"] != "no luck" {
		t.Errorf("%v", lines)
	}
	for path, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if st, err := os.Stat(path); err != nil || st.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", path, st.Mode(), mode)
		}
	}
}

func TestLinesBecomeEvents(t *testing.T) {
	l, err := Open(JSON, File(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	log := l.Logger()
	log.Info().Msg("before anybody listens")
	got := make(map[string][]string)
	var last protocol.Event
	for _, instance := range []string{"a", "b"} {
		l.Attach(instance, func(ev protocol.Event) {
			got[instance] = append(got[instance], ev.Data.Interface().(api.LogEvent).Message)
			last = ev
		})
	}
	log.Info().Msg("for all")
	job := protocol.NewID()
	log.Warn().Str("instance", "b").Stringer("job_id", job).Str("trace_id", "t").Str("target", "x").Int("n", 1).Msg("for b")
	if a := strings.Join(got["a"], ", "); a != "before anybody listens, for all" {
		t.Errorf("a got %s", a)
	}
	if b := strings.Join(got["b"], ", "); b != "before anybody listens, for all, for b" {
		t.Errorf("b got %s", b)
	}
	data := last.Data.Interface().(api.LogEvent)
	if last.JobID != job || last.TraceID != "t" || data.Level != protocol.Warn || data.Target != "x" || data.Fields["n"] != 1.0 || len(data.Fields) != 1 {
		t.Errorf("%+v, %+v", last, data)
	}
}

func TestAFileThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "logs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = w
	l, err := Open(JSON, File(dir))
	if err != nil {
		t.Fatal(err)
	}
	log := l.Logger()
	log.Info().Msg("all the same")
	os.Stderr = stderr
	w.Close()
	said := make([]byte, 4096)
	n, _ := r.Read(said)
	r.Close()
	if text := string(said[:n]); !strings.Contains(text, "cannot write the log file") || !strings.Contains(text, "all the same") {
		t.Errorf("stderr got %q", text)
	}
}

func TestJournalFieldNames(t *testing.T) {
	for in, want := range map[string]string{
		"took_ms": "TOOK_MS", "peer-pid": "PEER_PID", "_hidden": "HIDDEN", "9lives": "LIVES", "é": "FIELD_",
		"message": "FIELD_MESSAGE", "priority": "FIELD_PRIORITY",
	} {
		if got := fieldName(in); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	if _, err := Open("xml", ""); err == nil || !strings.Contains(err.Error(), "console") {
		t.Errorf("%v", err)
	}
}
