package logs

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A line is a log line with its fields told apart.
type line struct {
	time     time.Time
	level    protocol.Level
	message  string
	target   string
	instance string
	trace    string
	library  protocol.ID
	job      protocol.ID
	location protocol.ID
	fields   map[string]any // all others
}

// parse takes apart what zerolog encoded.
func parse(raw []byte) (*line, error) {
	var fields map[string]any
	// zerolog neither checks UTF-8 nor refuses a field that is set twice.
	if err := json.Unmarshal(raw, &fields, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)); err != nil {
		return nil, err
	}
	l := &line{fields: fields, level: protocol.Info}
	text := func(key string) string {
		s, ok := fields[key].(string)
		if ok {
			delete(fields, key)
		}
		return s
	}
	id := func(key string) protocol.ID {
		s, _ := fields[key].(string)
		id, err := protocol.ParseID(s)
		if err != nil {
			return protocol.ID{}
		}
		delete(fields, key)
		return id
	}
	l.time, _ = time.Parse(time.RFC3339Nano, text(zerolog.TimestampFieldName))
	if level := protocol.Level(text(zerolog.LevelFieldName)); level.Rank() >= 0 {
		l.level = level
	} else if level != "" {
		l.level = protocol.Err // fatal and panic
	}
	l.message = text(zerolog.MessageFieldName)
	l.target, l.instance, l.trace = text("target"), text("instance"), text("trace_id")
	l.library, l.job, l.location = id("library_id"), id("job_id"), id("location_id")
	return l, nil
}

func (l *line) event() protocol.Event {
	ev := api.LogMessage.New(api.LogEvent{
		Level: l.level, Target: l.target, Message: l.message, TraceID: l.trace, Fields: l.fields,
	})
	ev.Time, ev.TraceID = l.time, l.trace
	ev.LibraryID, ev.JobID, ev.LocationID = l.library, l.job, l.location
	return ev
}

// priorities maps levels to those of syslog(3). Nothing is more than an error:
// the journal may shout an emergency at every terminal.
var priorities = map[protocol.Level]journal.Priority{
	protocol.Trace: journal.PriDebug,
	protocol.Debug: journal.PriDebug,
	protocol.Info:  journal.PriInfo,
	protocol.Warn:  journal.PriWarning,
	protocol.Err:   journal.PriErr,
}

// toJournal sends a line by the journal's native protocol, each field as one
// of the journal's, its name in capitals.
func toJournal(l *line, _ []byte) error {
	vars := map[string]string{"SYSLOG_IDENTIFIER": "spacedrived"}
	set := func(name, value string) {
		if value != "" {
			vars[name] = value
		}
	}
	for name, value := range l.fields {
		set(fieldName(name), fieldText(value))
	}
	set("TARGET", l.target)
	set("INSTANCE", l.instance)
	set("TRACE_ID", l.trace)
	for name, id := range map[string]protocol.ID{"LIBRARY_ID": l.library, "JOB_ID": l.job, "LOCATION_ID": l.location} {
		if id != (protocol.ID{}) {
			vars[name] = id.String()
		}
	}
	return journal.Send(l.messageWithError(), priorities[l.level], vars)
}

// fieldText writes a field's value: numbers, which JSON has decoded as floats,
// without an exponent, so that a pid stays one.
func fieldText(value any) string {
	if f, ok := value.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// messageWithError says why, too: journalctl prints the message alone.
func (l *line) messageWithError() string {
	if why, ok := l.fields[zerolog.ErrorFieldName].(string); ok {
		return l.message + ": " + why
	}
	return l.message
}

// fieldName makes a name that the journal takes: capitals, digits and
// underscores, no underscore or digit first (systemd.journal-fields(7)).
func fieldName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
	name = strings.TrimLeft(name, "_0123456789")
	if name == "" || name == "MESSAGE" || name == "PRIORITY" {
		return "FIELD_" + name
	}
	return name
}
