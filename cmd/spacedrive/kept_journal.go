package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// journalDepth is how far back the journal is searched for lines that fit.
const journalDepth = 10_000 // entries

// journal returns the last n lines that fit of the daemon's unit in the
// journal, each as the log file has them.
func (a *app) journal(n int, fits func(string) bool) ([]string, error) {
	out, err := a.journalctl("--output=json", journalDepth)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, entry := range splitLines(out) {
		if line, ok := journalLine(entry); ok && fits(line) {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-n):], nil
}

// journalText returns the last n lines of the daemon's unit as journalctl shows
// them.
func (a *app) journalText(n int) ([]string, error) {
	out, err := a.journalctl("--output=short-iso", n)
	return splitLines(out), err
}

// journalctl returns what it prints of the daemon's unit. It is not told to be
// quiet, for then it does not say why it fails.
func (a *app) journalctl(format string, n int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(a.ctx, 5*time.Second)
	defer cancel()
	words := strings.Fields(a.journalOf())
	words = append(words, "--no-pager", format, "-n", strconv.Itoa(n), "-u", packaging.ServiceUnit(a.instance()))
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err == nil {
		return withoutRemarks(out), nil
	}
	lines := splitLines(said.Bytes())
	if len(lines) == 0 {
		return nil, protocol.Errorf(protocol.OperationFailed, "%s: %w", a.journalOf(), err)
	}
	failed := protocol.Errorf(protocol.OperationFailed, "%s: %s", a.journalOf(), lines[len(lines)-1])
	if strings.Contains(said.String(), "No journal files") && !a.system() {
		failed.WithHint("your journal is not kept: Storage=persistent in /etc/systemd/journald.conf, then sudo systemctl restart systemd-journald; what there is: sudo journalctl _UID=%d _SYSTEMD_USER_UNIT=%s",
			os.Getuid(), packaging.ServiceUnit(a.instance()))
	}
	return nil, failed
}

// withoutRemarks drops what journalctl says between entries, such as that
// there are none.
func withoutRemarks(out []byte) []byte {
	var kept bytes.Buffer
	for line := range bytes.Lines(out) {
		if !bytes.HasPrefix(line, []byte("-- ")) {
			kept.Write(line)
		}
	}
	return kept.Bytes()
}

// journalLine turns an entry of journalctl --output=json into a line of the
// log file. The daemon's fields are there in capitals; those of the journal's
// own begin with an underscore (systemd.journal-fields(7)).
func journalLine(entry string) (string, bool) {
	var fields map[string]any
	if json.Unmarshal([]byte(entry), &fields) != nil {
		return "", false
	}
	text := func(name string) string {
		switch v := fields[name].(type) {
		case string:
			return v
		case []any: // bytes that are no UTF-8, as numbers
			b := make([]byte, len(v))
			for i := range v {
				f, _ := v[i].(float64)
				b[i] = byte(f)
			}
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		return ""
	}
	line := map[string]string{
		"message": text("MESSAGE"),
		"level":   string(journalLevel(text("PRIORITY"))),
	}
	if us, err := strconv.ParseInt(text("__REALTIME_TIMESTAMP"), 10, 64); err == nil {
		line["time"] = time.UnixMicro(us).UTC().Format(time.RFC3339Nano)
	}
	if who := text("SYSLOG_IDENTIFIER"); who != "spacedrived" {
		line["target"] = who // systemd, of which the fields say nothing to us
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

// journalLevel returns the level of a priority of syslog(3).
func journalLevel(priority string) protocol.Level {
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
