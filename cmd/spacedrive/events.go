package main

import (
	"errors"
	"io"
	"slices"
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
	_, err = a.stream(sub, a.printGap, func(e *protocol.Event) {
		a.term.printf("%s  %s\n", e.Time.Local().Format("15:04:05.000"), human.Clean(describeEvent(e)))
	})
	return err
}

// stream prints the events of a subscription until it ends, and returns how many
// there were: as JSON, or by print for people.
func (a *app) stream(sub *client.Subscription, gap func(*protocol.Gap) error, print func(*protocol.Event)) (events int, err error) {
	for {
		m, err := sub.Next(a.ctx)
		if errors.Is(err, io.EOF) {
			if r := sub.Reason(); r != "unsubscribed" {
				a.term.note("The daemon has ended the stream: %s.", human.Clean(r))
			}
			return events, nil
		}
		if err != nil {
			return events, err
		}
		a.noteLink(m.Lost, m.Resumed)
		switch {
		case m.Gap != nil:
			err = gap(m.Gap)
		case m.Event != nil:
			events++
			err = a.term.show(m.Event, func() { print(m.Event) })
		}
		if err != nil {
			return events, err
		}
		a.term.flush()
	}
}

func (a *app) printGap(g *protocol.Gap) error {
	if a.cli.JSON {
		return a.term.printJSON(map[string]*protocol.Gap{"gap": g})
	}
	a.term.note("Some events are missing (%s): read the state again.", g.Reason)
	return nil
}

// describeEvent describes an event in a line.
func describeEvent(e *protocol.Event) string {
	parts := []string{string(e.Type)}
	add := func(more ...string) { parts = append(parts, more...) }
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
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "  ")
}
