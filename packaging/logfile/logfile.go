// Package logfile reads the log that a daemon wrote, whether it still runs or
// not: its file, or the journal of its unit. Lines are JSON objects with the
// keys of the file ("time", "level", "message", "target", …), except for output
// of a crash, which is text.
package logfile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// Path returns the file that a daemon with this data folder logs to.
func Path(dataDir string) string { return filepath.Join(dataDir, "logs", "daemon.log") }

// tailBytes is how much of the end of a file is read: some thousands of lines.
const tailBytes = 1 << 20

// Tail returns the last n lines of a file that fit, or of all lines where fits is
// nil, out of those in its last mebibyte.
func Tail(path string, n int, fits func(line string) bool) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	start := max(0, size-tailBytes)
	end, err := io.ReadAll(io.NewSectionReader(f, start, size-start))
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	if start > 0 { // begin with a whole line
		_, end, _ = bytes.Cut(end, []byte{'\n'})
	}
	return lastFitting(n, lines(end), fits), nil
}

// lastFitting returns the last n lines that fit.
func lastFitting(n int, all []string, fits func(string) bool) []string {
	var kept []string
	for _, line := range all {
		if fits == nil || fits(line) {
			kept = append(kept, line)
		}
	}
	return kept[max(0, len(kept)-n):]
}

func lines(b []byte) []string {
	text := strings.TrimRight(string(b), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// A Log is where a daemon logs to: a file, or the journal of its unit.
type Log struct {
	File   string // "" for a journal
	Unit   string
	System bool // the machine's journal instead of the user's
}

// String names the log for people.
func (l Log) String() string {
	if l.File != "" {
		return l.File
	}
	return "the journal of " + l.Unit
}

// FollowCommand returns the command by which a person follows the log.
func (l Log) FollowCommand() string {
	if l.File != "" {
		return "tail -f " + packaging.ShellWord(l.File)
	}
	return l.journalctl() + " -f -u " + l.Unit
}

// ErrorsCommand returns the command that shows the errors in the log, in a journal
// those of the last day.
func (l Log) ErrorsCommand() string {
	if l.File != "" {
		return `grep '"level":"error"' ` + packaging.ShellWord(l.File)
	}
	return packaging.Sudo(l.System) + l.journalctl() + " -p err -S -1d -u " + l.Unit
}

// Tail returns the last n lines that fit, of all lines where fits is nil.
func (l Log) Tail(ctx context.Context, n int, fits func(line string) bool) ([]string, error) {
	if l.File != "" {
		return Tail(l.File, n, fits)
	}
	return l.tailJournal(ctx, n, fits)
}

// Text returns the last n lines as people read them: of a journal, as journalctl
// shows them.
func (l Log) Text(ctx context.Context, n int) ([]string, error) {
	if l.File != "" {
		return Tail(l.File, n, nil)
	}
	out, err := l.readJournal(ctx, "--output=short-iso", n)
	return lines(out), err
}

func (l Log) journalctl() string {
	if l.System {
		return "journalctl"
	}
	return "journalctl --user"
}

// journalDepth is how far back the journal is searched for lines that fit.
const journalDepth = 10_000 // entries

func (l Log) tailJournal(ctx context.Context, n int, fits func(line string) bool) ([]string, error) {
	out, err := l.readJournal(ctx, "--output=json", journalDepth)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, entry := range lines(out) {
		if line, ok := parseEntry(entry); ok {
			all = append(all, line)
		}
	}
	return lastFitting(n, all, fits), nil
}

// readJournal runs journalctl, without --quiet, because that hides why it fails.
func (l Log) readJournal(ctx context.Context, format string, n int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	words := append(strings.Fields(l.journalctl()), "--no-pager", format, "-n", strconv.Itoa(n), "-u", l.Unit)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		return withoutRemarks(out), nil
	}
	said := lines(stderr.Bytes())
	if len(said) == 0 {
		return nil, protocol.Errorf(protocol.OperationFailed, "%s: %w", l.journalctl(), err)
	}
	failed := protocol.Errorf(protocol.OperationFailed, "%s: %s", l.journalctl(), said[len(said)-1])
	if strings.Contains(stderr.String(), "No journal files") && !l.System {
		failed.WithHint("your journal is not kept: Storage=persistent in /etc/systemd/journald.conf, then sudo systemctl restart systemd-journald; what there is: sudo journalctl _UID=%d _SYSTEMD_USER_UNIT=%s",
			os.Getuid(), l.Unit)
	}
	return nil, failed
}

// withoutRemarks drops the lines that journalctl prints between entries, for example
// that there are none.
func withoutRemarks(out []byte) []byte {
	var kept bytes.Buffer
	for line := range bytes.Lines(out) {
		if !bytes.HasPrefix(line, []byte("-- ")) {
			kept.Write(line)
		}
	}
	return kept.Bytes()
}

// parseEntry turns an entry of journalctl --output=json into a line of the log
// file. The daemon's fields are there in capitals; the journal's own begin with
// an underscore (systemd.journal-fields(7)).
func parseEntry(entry string) (string, bool) {
	var fields map[string]any
	if json.Unmarshal([]byte(entry), &fields) != nil {
		return "", false
	}
	text := func(name string) string {
		switch v := fields[name].(type) {
		case string:
			return v
		case []any: // bytes that are not UTF-8, as numbers
			b := make([]byte, len(v))
			for i := range v {
				f, _ := v[i].(float64)
				b[i] = byte(f)
			}
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		return ""
	}
	line := map[string]string{"message": text("MESSAGE"), "level": string(level(text("PRIORITY")))}
	if us, err := strconv.ParseInt(text("__REALTIME_TIMESTAMP"), 10, 64); err == nil {
		line["time"] = time.UnixMicro(us).UTC().Format(time.RFC3339Nano)
	}
	if who := text("SYSLOG_IDENTIFIER"); who != "spacedrived" {
		line["target"] = who // systemd, whose fields are not needed
	} else {
		for name := range fields {
			switch {
			case strings.HasPrefix(name, "_"), strings.HasPrefix(name, "SYSLOG_"), name == "MESSAGE", name == "PRIORITY":
			default:
				line[strings.ToLower(name)] = text(name)
			}
		}
	}
	out, err := json.Marshal(line, json.Deterministic(true))
	return string(out), err == nil
}

// level returns the level of a priority of syslog(3).
func level(priority string) protocol.Level {
	switch priority {
	case "0", "1", "2", "3":
		return protocol.Err
	case "4":
		return protocol.Warn
	case "7":
		return protocol.Debug
	}
	return protocol.Info
}
