package api

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// AppendJSON appends s as its struct tags have it. Scripts and monitors ask
// for it all the time, and by reflection this takes longer than all else that
// the daemon does for the call.
func (s *Status) AppendJSON(buf []byte) ([]byte, error) {
	a := appender{buf: buf}
	a.text(`{"version":`, s.Version)
	a.int(`,"pid":`, int64(s.PID))
	a.id(`,"boot_id":`, s.BootID)
	a.time(`,"started_at":`, s.StartedAt)
	a.int(`,"uptime_ms":`, s.UptimeMS)
	a.instance(`,"instance":`, s.Instance)
	a.raw(`,"instances":[`)
	for i, instance := range s.Instances {
		a.instance(a.comma(i), instance)
	}
	a.text(`],"activation":`, s.Activation)
	a.raw(`,"listeners":[`)
	for i, l := range s.Listeners {
		a.raw(a.comma(i))
		a.text(`{"instance":`, l.Instance)
		a.path(`,"path":`, l.Path)
		a.text(`,"origin":`, l.Origin)
		a.raw(`}`)
	}
	a.raw(`],"libraries":[`)
	for i, l := range s.Libraries {
		a.raw(a.comma(i))
		a.id(`{"id":`, l.ID)
		a.text(`,"name":`, l.Name)
		a.state(l.State, l.Error)
	}
	a.int(`],"jobs":{"running":`, int64(s.Jobs.Running))
	a.int(`,"queued":`, int64(s.Jobs.Queued))
	a.int(`,"paused":`, int64(s.Jobs.Paused))
	a.int(`},"connections":`, int64(s.Connections))
	a.int(`,"subscriptions":{"count":`, int64(s.Subscriptions.Count))
	a.uint(`,"gaps":`, s.Subscriptions.Gaps)
	a.uint(`},"memory":{"resident":`, s.Memory.Resident)
	a.uint(`,"heap":`, s.Memory.Heap)
	a.text(`},"network":`, s.Network)
	a.raw(`}`)
	return a.buf, a.err
}

// An appender appends JSON, each value behind the text that leads to it. The
// first error sticks.
type appender struct {
	buf []byte
	err error
}

func (a *appender) raw(text string) { a.buf = append(a.buf, text...) }

func (a *appender) comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

func (a *appender) text(lead, text string) {
	a.raw(lead)
	buf, err := jsontext.AppendQuote(a.buf, text)
	if a.buf = buf; a.err == nil {
		a.err = err
	}
}

func (a *appender) int(lead string, n int64) {
	a.raw(lead)
	a.buf = strconv.AppendInt(a.buf, n, 10)
}

func (a *appender) uint(lead string, n uint64) {
	a.raw(lead)
	a.buf = strconv.AppendUint(a.buf, n, 10)
}

func (a *appender) id(lead string, id ID) {
	a.raw(lead)
	a.buf = protocol.AppendID(append(a.buf, '"'), id)
	a.raw(`"`)
}

func (a *appender) time(lead string, t time.Time) {
	a.raw(lead)
	a.buf = t.UTC().AppendFormat(append(a.buf, '"'), time.RFC3339Nano)
	a.raw(`"`)
}

func (a *appender) path(lead string, p Path) {
	if utf8.ValidString(string(p)) {
		a.text(lead, string(p))
		return
	}
	a.raw(lead)
	buf, err := protocol.JSON.Append(a.buf, p)
	if a.buf = buf; a.err == nil {
		a.err = err
	}
}

func (a *appender) instance(lead string, i InstanceStatus) {
	a.raw(lead)
	a.text(`{"name":`, i.Name)
	a.path(`,"data_dir":`, i.DataDir)
	a.state(i.State, i.Error)
}

// state appends the state and the error, if there is one, that end an object.
func (a *appender) state(state, failure string) {
	a.text(`,"state":`, state)
	if failure != "" {
		a.text(`,"error":`, failure)
	}
	a.raw(`}`)
}
