package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

var _ = register[logsCmd]("logs", groupWatch)

type logsCmd struct {
	Follow bool   `env:"-" short:"f" help:"Go on with new lines as they come."`
	Lines  int    `short:"n" name:"lines" help:"Begin with the last so many lines." default:"50" placeholder:"N"`
	Level  string `help:"Only lines at least this severe: trace, debug, info, warn, error." enum:",trace,debug,info,warn,error" default:"" placeholder:"LEVEL"`
	Target string `help:"Only lines of this part of the daemon, and of those below it." placeholder:"TARGET"`
	Job    string `help:"Only lines about this job." placeholder:"ID" complete:"jobs"`
}

func (c *logsCmd) Run(a *app) error {
	if c.Lines < 0 {
		return usage("-n: %d is not a number of lines", c.Lines)
	}
	conn, err := a.connect()
	if err != nil {
		if a.cli.Host != "" || a.cli.Standalone || a.ctx.Err() != nil || exitCode(err) != exitNoDaemon {
			return err
		}
		return c.kept(a, err)
	}
	req := protocol.SubscribeRequest{
		EventTypes: []protocol.EventType{api.LogMessage.Type},
		Filter:     protocol.Filter{MinLevel: protocol.Level(c.Level), Target: c.Target},
		Tail:       uint64(c.Lines),
	}
	if c.Job != "" {
		if req.Filter.JobID, err = a.findJob(c.Job); err != nil {
			return err
		}
	}
	options := a.resumption()
	if !c.Follow {
		options = append(options, client.WithoutResume())
	}
	sub, err := conn.Subscribe(a.ctx, req, options...)
	if err != nil {
		return err
	}
	defer sub.Close()
	if !c.Follow {
		sub.Stop()
	}
	lines, err := a.stream(sub, a.noteLogGap, func(e *protocol.Event) {
		if fields, err := logFields(e); err == nil { // else it is of a later version
			a.printLog(fields)
		}
	})
	if lines == 0 && !c.Follow {
		a.term.note("The daemon (pid %d) has logged nothing of that kind.", conn.Hello().Daemon.PID)
	}
	return err
}

func (a *app) noteLogGap(g *protocol.Gap) error {
	if g.Reason == protocol.GapRestarted || g.LogTo == 0 {
		a.term.note("The last lines of the daemon before may be missing.")
	} else {
		a.term.note("Missing, as they came faster than they were read: %s.", human.Plural(int64(g.LogTo-g.LogFrom+1), "line", "lines"))
	}
	return nil
}

// logFields converts an event to a log line with the keys of the log file.
func logFields(e *protocol.Event) (map[string]any, error) {
	var d api.LogEvent
	if err := e.Data.Decode(&d); err != nil {
		return nil, err
	}
	fields := maps.Clone(d.Fields)
	if fields == nil {
		fields = make(map[string]any)
	}
	maps.Copy(fields, map[string]any{"time": e.Time.Format(time.RFC3339Nano), "level": string(d.Level), "target": d.Target, "message": d.Message})
	for key, id := range map[string]protocol.ID{"library_id": e.LibraryID, "job_id": e.JobID, "location_id": e.LocationID} {
		if id != (protocol.ID{}) {
			fields[key] = id.String()
		}
	}
	if id := cmp.Or(d.TraceID, e.TraceID); id != "" {
		fields["trace_id"] = id
	}
	return fields, nil
}

// printLog prints a log line for people. It removes from fields what it prints first.
func (a *app) printLog(fields map[string]any) {
	text := func(key string) string {
		s, _ := fields[key].(string)
		delete(fields, key)
		return s
	}
	when, level, target, message := text("time"), text("level"), text("target"), text("message")
	if t, err := time.Parse(time.RFC3339Nano, when); err == nil {
		when = t.Local().Format("2006-01-02 15:04:05.000")
	}
	color := map[string]string{"warn": yellow, "error": red, "debug": faint, "trace": faint}[level]
	a.term.printf("%s %s %s", human.Clean(when), paint(a.term.color, color, fmt.Sprintf("%-5s", human.Clean(strings.ToUpper(level)))), human.Clean(message))
	if target != "" {
		a.term.printf(" %s", paint(a.term.color, faint, "target="+human.Clean(target)))
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		a.term.printf(" %s", paint(a.term.color, faint, human.Clean(key)+"="+human.Clean(fieldText(fields[key]))))
	}
	a.term.printf("\n")
}

func fieldText(v any) string {
	switch v := v.(type) {
	case string:
		if strings.ContainsAny(v, " \"=") {
			return fmt.Sprintf("%q", v)
		}
		return v
	case float64:
		return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// kept prints lines of the log file or the journal, where no daemon answers.
func (c *logsCmd) kept(a *app, why error) error {
	log := a.daemon.Log()
	lines, err := log.Tail(a.ctx, c.Lines, c.fits)
	if err != nil {
		failed := protocol.Errorf(protocol.ConnectionFailed, "%s, and there is no log: %s", protocol.AsError(why).Message, protocol.AsError(err).Message)
		if hint := protocol.AsError(err).Hint; hint != "" {
			failed.WithHint("%s", hint)
		}
		return connectError{failed}
	}
	a.term.note("No daemon answers; these lines are from %s.", human.Clean(log.String()))
	if c.Follow {
		a.term.note("To follow it: %s", log.FollowCommand())
	}
	if len(lines) == 0 {
		a.term.note("There are none of that kind.")
		if a.daemon.System && os.Geteuid() != 0 {
			a.term.note("The machine's log may be closed to you: its readers are root and the members of the group systemd-journal.")
		}
	}
	for _, line := range lines {
		if a.cli.JSON && jsontext.Value(line).IsValid() {
			a.term.writeJSON([]byte(line))
			continue
		}
		a.printKept(line)
	}
	return nil
}

// printKept prints a line of the log file for people.
func (a *app) printKept(line string) {
	var fields map[string]any
	if lenient(line, &fields) == nil {
		a.printLog(fields)
	} else {
		a.term.printf("%s\n", human.Clean(line))
	}
}

// lenient decodes a line of the log file, which a crash may have damaged.
func lenient(line string, into any) error {
	return json.Unmarshal([]byte(line), into, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// fits reports whether a line of the log file matches the flags.
func (c *logsCmd) fits(line string) bool {
	if c.Level == "" && c.Target == "" && c.Job == "" {
		return true
	}
	var l struct {
		Level  protocol.Level `json:"level"`
		Target string         `json:"target"`
		JobID  string         `json:"job_id"`
	}
	return lenient(line, &l) == nil && l.Level.Rank() >= protocol.Level(c.Level).Rank() && strings.HasPrefix(l.Target, c.Target) && strings.HasPrefix(l.JobID, c.Job)
}
