// Package logs takes the daemon's log lines to one of three places — the
// journal, a file that is rotated, a terminal — and to the subscribers of
// LogMessage events.
//
// Open returns the Logs; Logger is what the rest of the daemon logs with. A
// line's field "target" says which part of the daemon speaks; request_id,
// job_id, library_id and trace_id say on whose behalf.
package logs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/DeRuina/timberjack"
	"github.com/coreos/go-systemd/v22/journal"
	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// The formats.
const (
	Auto     = "auto"     // journald where stderr is the journal's, console on a terminal, else json
	Journald = "journald" // the journal's native protocol, with fields
	JSON     = "json"     // {data}/logs/daemon.log, a JSON object a line
	Console  = "console"  // coloured, on stderr
)

// How much of the log file is kept.
const (
	fileMegabytes = 16
	fileBackups   = 4
)

// Logs is where log lines go.
type Logs struct {
	Format string // the one in force: never Auto

	sink  sink
	close func() error
	lost  atomic.Uint64

	mu   sync.Mutex
	subs map[string]func(protocol.Event) // by instance
	kept []protocol.Event                // the last lines of no instance, for those attached later
}

// keepLines is how many lines of no instance are kept: what the daemon said
// while it started.
const keepLines = 64

// A sink writes one line. raw is the line as zerolog encoded it.
type sink func(line *line, raw []byte) error

// File returns the log file in an instance's data folder, "" where there is
// none.
func File(dataDir string) string {
	if dataDir == "" {
		return ""
	}
	return filepath.Join(dataDir, "logs", "daemon.log")
}

// Open opens the place that format names; file is that of format JSON, "" where
// there is none. Where lines cannot go there they go to stderr instead, the
// reason first: a daemon that was activated must start all the same.
func Open(format, file string) (*Logs, error) {
	if format == "" || format == Auto {
		format = pick()
	}
	l := &Logs{Format: format, close: func() error { return nil }, subs: make(map[string]func(protocol.Event))}
	switch format {
	case Journald:
		l.sink = toJournal
		if !journal.Enabled() {
			l.toStderr("the journal's socket cannot be reached")
		}
	case Console:
		w := zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.TimeOnly, NoColor: !term.IsTerminal(int(os.Stderr.Fd())) || os.Getenv("NO_COLOR") != ""}
		l.sink = func(_ *line, raw []byte) error { _, err := w.Write(raw); return err }
	case JSON:
		l.openFile(file)
	default:
		return nil, fmt.Errorf("no log format %q: one of auto, journald, json, console", format)
	}
	return l, nil
}

func pick() string {
	if ok, err := journal.StderrIsJournalStream(); ok && err == nil {
		return Journald
	}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		return Console
	}
	return JSON
}

func (l *Logs) openFile(path string) {
	f, err := probe(path)
	if err != nil {
		l.toStderr("cannot write the log file: " + err.Error())
		return
	}
	l.sink, l.close = writeTo(f), f.Close
}

func (l *Logs) toStderr(why string) {
	fmt.Fprintf(os.Stderr, "spacedrived: the log comes here: %s\n", why)
	l.sink = writeTo(os.Stderr)
}

// probe returns a writer to the file, or why there can be none: the rotating
// writer itself would only say so at each line.
func probe(path string) (io.WriteCloser, error) {
	if path == "" {
		return nil, errors.New("there is no data folder")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	f.Close()
	return &timberjack.Logger{Filename: path, MaxSize: fileMegabytes, MaxBackups: fileBackups, FileMode: 0o600}, nil
}

func writeTo(w io.Writer) sink {
	return func(_ *line, raw []byte) error { _, err := w.Write(raw); return err }
}

// Logger returns the logger whose lines come here.
func (l *Logs) Logger() zerolog.Logger {
	zerolog.TimeFieldFormat = time.RFC3339Nano
	zerolog.TimestampFunc = func() time.Time { return time.Now().UTC() }
	return zerolog.New(l).With().Timestamp().Logger()
}

// SetLevel sets the least severe level that is logged, for all loggers.
func SetLevel(level protocol.Level) {
	parsed, err := zerolog.ParseLevel(string(level))
	if err != nil || level.Rank() < 0 {
		parsed = zerolog.InfoLevel
	}
	zerolog.SetGlobalLevel(parsed)
}

// Attach has the lines of an instance, and those of none, published as events,
// those that were logged before among them.
func (l *Logs) Attach(instance string, publish func(protocol.Event)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subs[instance] = publish
	for _, ev := range l.kept {
		publish(ev)
	}
}

// Write takes one line from zerolog.
func (l *Logs) Write(raw []byte) (int, error) {
	line, err := parse(raw)
	if err != nil {
		return os.Stderr.Write(raw)
	}
	if err := l.sink(line, raw); err != nil {
		l.lost.Add(1)
		fmt.Fprintf(os.Stderr, "spacedrived: cannot log (%v): %s\n", err, strings.TrimSpace(string(raw)))
	}
	ev := line.event()
	l.mu.Lock()
	defer l.mu.Unlock()
	if publish := l.subs[line.instance]; publish != nil {
		publish(ev)
		return len(raw), nil
	}
	if line.instance == "" {
		l.kept = append(l.kept[max(0, len(l.kept)+1-keepLines):], ev)
		for _, publish := range l.subs {
			publish(ev)
		}
	}
	return len(raw), nil
}

// Lost returns how many lines could not be written where they belong. They
// went to stderr, and to subscribers, all the same.
func (l *Logs) Lost() uint64 { return l.lost.Load() }

// Close writes what is left and closes the file.
func (l *Logs) Close() error { return l.close() }
