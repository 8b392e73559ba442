package main

import (
	"context"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/cmd/spacedrive/redact"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// bundleLines is how many lines of the log go into the archive: all that a
// daemon keeps.
const bundleLines = 4096

// A libraryDoc is a library as the archive has it.
type libraryDoc struct {
	api.Library
	SchemaVersion int            `json:"schema_version"`
	SizeOnDisk    int64          `json:"size_on_disk"`
	Statistics    api.Statistics `json:"statistics"`
	Locations     []api.Location `json:"locations"`
	Jobs          []api.Job      `json:"jobs"`
}

// askLibraries asks for the libraries and what is in them, and learns their
// names.
func (b *bundle) askLibraries() []libraryDoc {
	const jobs = 20
	docs := []libraryDoc{}
	if b.conn == nil {
		return docs
	}
	if s, ok := ask(b, "", api.CoreStatus, api.Empty{}); ok {
		b.names.Add("group", s.AdmitGroup)
		for _, i := range s.Instances {
			b.names.Add("data-folder", string(i.DataDir))
			b.names.Add("instance", i.Name)
		}
	}
	libs, _ := ask(b, "libraries.json", api.LibrariesList, api.Empty{})
	for _, lib := range libs.Libraries {
		b.names.Add("library", lib.Name)
		b.names.Add("library-folder", string(lib.Path))
		doc, within := libraryDoc{Library: lib}, client.InLibrary(lib.ID)
		what := "in libraries.json, of " + lib.ID.String()
		if info, ok := ask(b, what, api.LibrariesInfo, api.Empty{}, within); ok {
			doc.SchemaVersion, doc.SizeOnDisk, doc.Statistics = info.SchemaVersion, info.SizeOnDisk, info.Statistics
		}
		if l, ok := ask(b, what, api.LocationsList, api.LocationListInput{}, within); ok {
			doc.Locations = l.Locations
		}
		for _, loc := range doc.Locations {
			b.names.Add("location", string(loc.Path))
			b.names.Add("location-name", loc.Name)
		}
		if j, ok := ask(b, what, api.JobsList, api.JobListInput{Page: api.Page{Limit: jobs}}, within); ok {
			doc.Jobs = j.Jobs
		}
		docs = append(docs, doc)
	}
	return docs
}

// fromDaemon adds what only a daemon that answers knows.
func (b *bundle) fromDaemon(libraries []libraryDoc) {
	if b.conn == nil {
		b.missing = append(b.missing, "status.json, debug.json, goroutines.txt, metrics.txt, libraries.json: no daemon answers; doctor.json says why")
		return
	}
	if s, ok := ask(b, "status.json", api.CoreStatus, api.Empty{}); ok {
		b.add("status.json", "how the daemon says it is", s)
	}
	if d, ok := ask(b, "debug.json", api.CoreDebug, api.DebugInput{Limit: 1000, Goroutines: true}); ok {
		b.debug("debug.json", "goroutines.txt", "connections, calls in flight, subscriptions, memory", d)
	}
	if m, ok := ask(b, "metrics.txt", api.CoreMetrics, api.Empty{}); ok {
		b.put("metrics.txt", "the daemon's counters", b.names.Metrics(m.Text))
	}
	b.add("libraries.json", "libraries, locations and the last jobs, with counts", libraries)
}

// debug adds what a daemon is doing, without what subscriptions filter by.
func (b *bundle) debug(name, stacks, about string, d api.Debug) {
	dump := d.GoroutineDump
	d.GoroutineDump = ""
	for i := range d.Subscriptions {
		d.Subscriptions[i].Filter = protocol.Filter{}
	}
	b.add(name, about, d)
	b.put(stacks, "what the goroutines of "+name+" do", redact.Stacks(dump))
}

// ask calls the daemon and notes what it does not answer in time.
func ask[In, Out any](b *bundle, name string, op protocol.Operation[In, Out], in In, options ...client.CallOption) (Out, bool) {
	ctx, cancel := context.WithTimeout(b.ctx, bundlePatience)
	defer cancel()
	out, err := client.Call(ctx, b.conn, op, in, options...)
	if err != nil && name != "" {
		b.lacks(name, err)
	}
	return out, err == nil
}

// logs adds the last lines of the log: of the daemon where it answers, and of
// the file or the journal, which have those of the daemons before.
func (b *bundle) logs() {
	if b.conn != nil {
		lines, err := b.daemonLog()
		if err == nil {
			b.put("log-daemon.jsonl", "the last log lines that the daemon keeps", lines)
		} else {
			b.lacks("log-daemon.jsonl", err)
		}
	}
	log := b.daemon.Log()
	lines, err := log.Tail(b.ctx, bundleLines, nil)
	if err != nil {
		b.lacks("log.jsonl", err)
		return
	}
	var text []byte
	for _, line := range lines {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil {
			text = b.appendLine(text, fields)
		}
	}
	b.put("log.jsonl", "the last lines of "+only(log.File != "", "the log file")+only(log.File == "", "the journal"), text)
}

func (b *bundle) appendLine(text []byte, fields map[string]any) []byte {
	line, err := b.names.Line(fields)
	if err != nil {
		return text
	}
	return append(append(text, line...), '\n')
}

func (b *bundle) daemonLog() ([]byte, error) {
	ctx, cancel := context.WithTimeout(b.ctx, bundlePatience)
	defer cancel()
	sub, err := b.conn.Subscribe(ctx, protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.LogMessage.Type}, Tail: bundleLines})
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	sub.Stop()
	var text []byte
	for {
		m, err := sub.Next(ctx)
		if err != nil {
			if sub.Reason() != "" {
				return text, nil
			}
			return text, err
		}
		if m.Event == nil {
			continue
		}
		fields, err := logFields(m.Event)
		if err != nil {
			return text, err
		}
		text = b.appendLine(text, fields)
	}
}
