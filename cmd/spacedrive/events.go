package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/client/watch"
)

var _ = register[eventsCmd]("events", groupWatch)

type eventsCmd struct {
	Type  []string `help:"Only events of this type, such as JobUpdate; may be repeated (default: all but LogMessage)." placeholder:"TYPE" complete:"event-types"`
	After *uint64  `help:"Begin after the event of this number; 0 is as far back as the daemon keeps." placeholder:"SEQ"`
}

func (c *eventsCmd) Run(a *app) error {
	conn, err := a.connect()
	if err != nil {
		return err
	}
	var req protocol.SubscribeRequest
	for _, t := range c.Type {
		req.EventTypes = append(req.EventTypes, protocol.EventType(t))
	}
	if a.cli.Library != "" {
		if req.Filter.LibraryID, err = a.libraryID(); err != nil {
			return err
		}
	}
	if c.After != nil {
		req.After = &protocol.Position{BootID: conn.Hello().Daemon.BootID, Seq: *c.After}
	}
	sub, err := conn.Subscribe(a.ctx, req, a.resumption()...)
	if err != nil {
		return badFlag(err, "event_types", "--type")
	}
	defer sub.Close()
	for {
		m, err := sub.Next(a.ctx)
		if err != nil {
			return a.streamEnd(sub, err)
		}
		if err := a.printMessage(m); err != nil {
			return err
		}
		a.term.flush()
	}
}

// streamEnd explains the end of a stream of events.
func (a *app) streamEnd(sub *client.Subscription, err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if r := sub.Reason(); r != "unsubscribed" {
		a.term.note("The daemon has ended the stream: %s.", human.Clean(r))
	}
	return nil
}

// gapLine is the document for a gap.
type gapLine struct {
	Gap *protocol.Gap `json:"gap"`
}

func (a *app) printMessage(m client.Message) error {
	switch {
	case m.Lost != nil, m.Resumed != nil:
		a.noteLink(m.Lost, m.Resumed)
	case m.Gap != nil && a.cli.JSON:
		return a.term.printJSON(gapLine{m.Gap})
	case m.Gap != nil:
		a.term.note("Some events are missing (%s): the state is best read anew.", m.Gap.Reason)
	case m.Event != nil && a.cli.JSON:
		return a.term.printJSON(m.Event)
	case m.Event != nil:
		a.term.printf("%s  %s\n", m.Event.Time.Local().Format("15:04:05.000"), human.Clean(describeEvent(m.Event)))
	}
	return nil
}

// describeEvent says in a line what happened.
func describeEvent(e *protocol.Event) string {
	parts := []string{string(e.Type)}
	add := func(s ...string) {
		for _, part := range s {
			if part != "" {
				parts = append(parts, part)
			}
		}
	}
	data, err := e.Decode()
	if err != nil {
		return string(e.Type)
	}
	switch d := data.(type) {
	case *api.CoreEvent:
		add(d.Version, d.Reason)
	case *api.LibraryEvent:
		add(d.Name, string(d.Path))
	case *api.LocationEvent:
		add(string(d.Path), string(d.State), d.Reason)
	case *api.EntriesChangedEvent:
		add(string(d.Location), api.IndexOutput{Created: d.Created, Modified: d.Modified, Moved: d.Moved, Deleted: d.Deleted}.Changes())
	case *api.JobEvent:
		add(e.JobID.String(), watch.Progress(d.Kind, d.Status, d.Progress))
		if d.Error != nil {
			add(d.Error.Message)
		}
	case *api.LogEvent:
		add(string(d.Level), d.Target, d.Message)
	default:
		if data, err := e.Data.JSON(); err == nil {
			add(string(data))
		}
	}
	return strings.Join(parts, "  ")
}
