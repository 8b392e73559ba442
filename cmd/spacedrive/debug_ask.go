package main

import (
	"bytes"
	"context"

	"github.com/spacedrive-go/spacedrive/cmd/spacedrive/mask"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// bundleLines is how many lines of the log go into the archive: all that a
// daemon keeps.
const bundleLines = 4096

// fromDaemon adds what only a daemon that answers can tell.
func (b *bundle) fromDaemon() {
	if b.conn == nil {
		b.missing = append(b.missing, "status.json, debug.json, goroutines.txt, metrics.txt, libraries.json: no daemon answers; doctor.json says why")
		return
	}
	if s, ok := ask(b, "status.json", api.CoreStatus, api.Empty{}); ok {
		b.add("status.json", "how the daemon says it is", s)
	}
	if d, ok := ask(b, "debug.json", api.CoreDebug, api.DebugInput{Limit: 1000, Goroutines: true}); ok {
		dump := d.GoroutineDump
		d.GoroutineDump = ""
		b.add("debug.json", "connections, calls in flight, subscriptions, memory", d)
		b.put("goroutines.txt", "what the daemon's goroutines do", []byte(dump), maskDump)
	}
	if m, ok := ask(b, "metrics.txt", api.CoreMetrics, api.Empty{}); ok {
		b.put("metrics.txt", "the daemon's counters", []byte(m.Text), maskMetrics)
	}
	if libs, ok := ask(b, "libraries.json", api.LibrariesList, api.Empty{}); ok {
		all := []libraryDoc{}
		for _, lib := range libs.Libraries {
			all = append(all, b.library(lib))
		}
		b.add("libraries.json", "libraries, locations and the last jobs, with counts", all)
	}
}

// A libraryDoc is a library as the archive has it.
type libraryDoc struct {
	api.Library
	SchemaVersion int            `json:"schema_version"`
	SizeOnDisk    int64          `json:"size_on_disk"`
	Statistics    api.Statistics `json:"statistics"`
	Locations     []api.Location `json:"locations"`
	Jobs          []api.Job      `json:"jobs"`
}

func (b *bundle) library(lib api.Library) libraryDoc {
	const jobs = 20
	doc := libraryDoc{Library: lib}
	within := client.InLibrary(lib.ID)
	what := "in libraries.json, of " + lib.ID.String()
	if info, ok := ask(b, what, api.LibrariesInfo, api.Empty{}, within); ok {
		doc.SchemaVersion, doc.SizeOnDisk, doc.Statistics = info.SchemaVersion, info.SizeOnDisk, info.Statistics
	}
	if l, ok := ask(b, what, api.LocationsList, api.LocationListInput{}, within); ok {
		doc.Locations = l.Locations
		for _, loc := range l.Locations {
			b.mask.Root(string(loc.Path)) // what is below it is private, even below /usr
		}
	}
	if j, ok := ask(b, what, api.JobsList, api.JobListInput{Page: api.Page{Limit: jobs}}, within); ok {
		doc.Jobs = j.Jobs
	}
	return doc
}

// ask calls the daemon and notes what it does not answer in time.
func ask[In, Out any](b *bundle, name string, op protocol.Operation[In, Out], in In, options ...client.CallOption) (Out, bool) {
	ctx, cancel := context.WithTimeout(b.ctx, bundlePatience)
	defer cancel()
	out, err := client.Call(ctx, b.conn, op, in, options...)
	if err != nil {
		b.lacks(name, err)
	}
	return out, err == nil
}

// logs adds the last lines of the log: of the daemon where it answers, and of
// the file or the journal, which tell of the daemons before.
func (b *bundle) logs() {
	if b.conn != nil {
		lines, err := b.daemonLog()
		if err == nil {
			b.put("log-daemon.jsonl", "the last log lines that the daemon keeps", lines, (*mask.Masker).Lines)
		} else {
			b.lacks("log-daemon.jsonl", err)
		}
	}
	from, lines, err := b.keptLog(bundleLines, func(string) bool { return true })
	if err != nil {
		b.lacks("log.jsonl", err)
		return
	}
	var text bytes.Buffer
	for _, line := range lines {
		text.WriteString(line + "\n")
	}
	b.put("log.jsonl", "the last lines of "+only(from == b.logFile(), "the log file")+only(from != b.logFile(), "the journal"), text.Bytes(), (*mask.Masker).Lines)
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
		line, err := protocol.JSON.Marshal(m.Event)
		if err != nil {
			return text, err
		}
		text = append(append(text, line...), '\n')
	}
}
