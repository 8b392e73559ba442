// Package logs writes the daemon's log lines to the journal, a rotated file or a
// terminal, and publishes them as LogMessage events.
//
// Open returns the Logs; the rest of the daemon logs with its Logger. The field
// "target" names the part of the daemon that logs; request_id, job_id,
// library_id and trace_id name the call, job and library concerned.
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
	Auto     = "auto"     // journald if stderr is connected to the journal, console on a terminal, else json
	Journald = "journald" // the journal's native protocol, with fields
	JSON     = "json"     // {data}/logs/daemon.log, one JSON object per line
	Console  = "console"  // coloured, on stderr
)

// Limits of the log file.
const (
	fileMegabytes = 16
	fileBackups   = 4
)

// Logs is the destination of log lines.
type Logs struct {
	Format string // in use: never Auto

	sink  sink
	close func() error
	lost  atomic.Uint64

	mu   sync.Mutex
	subs map[string]func(protocol.Event) // by instance
	kept []protocol.Event                // the last lines without an instance, for Attach
}

// keepLines is how many lines without an instance are kept for Attach: those
// logged during the start.
const keepLines = 64

// A sink writes one line. raw is the line as zerolog encoded it.
type sink func(line *line, raw []byte) error

// File returns the log file in an instance's data folder, "" if dataDir is "".
func File(dataDir string) string {
	if dataDir == "" {
		return ""
	}
	return filepath.Join(dataDir, "logs", "daemon.log")
}

// Open opens the destination for a format; file is the log file of format JSON.
// If it cannot be opened, lines go to stderr, preceded by the reason, so that an
// activated daemon starts anyway.
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

// probe returns a writer to the file, or an error if it cannot be opened. The
// rotating writer would report that only at each line.
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

// Logger returns a logger that writes to l.
func (l *Logs) Logger() zerolog.Logger {
	zerolog.TimeFieldFormat = time.RFC3339Nano
	zerolog.TimestampFunc = func() time.Time { return time.Now().UTC() }
	return zerolog.New(l).With().Timestamp().Logger()
}

// SetLevel sets the lowest level that all loggers log.
func SetLevel(level protocol.Level) {
	parsed, err := zerolog.ParseLevel(string(level))
	if err != nil || level.Rank() < 0 {
		parsed = zerolog.InfoLevel
	}
	zerolog.SetGlobalLevel(parsed)
}

// Attach publishes the lines of an instance and those without an instance as
// events, including the kept ones.
func (l *Logs) Attach(instance string, publish func(protocol.Event)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subs[instance] = publish
	for _, ev := range l.kept {
		publish(ev)
	}
}

// Write implements io.Writer for zerolog, which passes one line at a time.
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

// Lost returns how many lines could not be written to their destination. They
// went to stderr and to subscribers.
func (l *Logs) Lost() uint64 { return l.lost.Load() }

// Close closes the log file.
func (l *Logs) Close() error { return l.close() }
