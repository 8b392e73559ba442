package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/cmd/spacedrive/redact"
	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

const (
	bundlePatience = 5 * time.Second // for one answer
	bundleLines    = 4096            // of the log: all that a daemon keeps
	bundleJobs     = 20              // of each library
)

// A bundle is what goes into the archive.
type bundle struct {
	*app
	names   redact.Names
	docs    []bundleDoc
	missing []string // what is not in it, and why
}

// A bundleDoc is one file of the archive.
type bundleDoc struct {
	name, about string
	write       func() ([]byte, error) // called when all names are known
	text        []byte
}

// collectBundle collects what there is, and notes what there is not.
func collectBundle(a *app) *bundle {
	b := &bundle{app: a}
	findings := a.examine().Checks // it connects, if that is possible
	b.localNames()
	b.versions()
	b.settings()
	for i, f := range findings {
		findings[i].Message, findings[i].Fix = f.Form, ""
	}
	b.put("doctor.json", "what spacedrive doctor finds", func() ([]byte, error) { return protocol.JSON.Marshal(findings) })
	b.serviceUnits()
	b.fromDaemon()
	b.logs()
	b.debugFile()
	b.writeAll()
	return b
}

// writeAll writes the texts of all files.
func (b *bundle) writeAll() {
	var written []bundleDoc
	for _, d := range b.docs {
		var err error
		if d.text, err = d.write(); err != nil {
			b.lacks(d.name, err)
			continue
		}
		written = append(written, d)
	}
	b.docs = written
}

// put adds a file.
func (b *bundle) put(name, about string, write func() ([]byte, error)) {
	b.docs = append(b.docs, bundleDoc{name: name, about: about, write: write})
}

// add adds a JSON document, its texts redacted.
func (b *bundle) add(name, about string, v any) {
	b.put(name, about, func() ([]byte, error) { return b.names.JSON(v) })
}

// lacks notes what there is not, and the code of why.
func (b *bundle) lacks(name string, why error) {
	b.missing = append(b.missing, name+": "+string(protocol.AsError(why).Code))
}

// localNames adds the names that are private on this machine and known without a
// daemon.
func (b *bundle) localNames() {
	if u, err := user.Current(); err == nil {
		b.names.Add("user", u.Username)
		b.names.Add("user", u.Name)
		b.names.Add("home", u.HomeDir)
	}
	if host, err := os.Hostname(); err == nil {
		b.names.Add("host", host)
		short, _, _ := strings.Cut(host, ".")
		b.names.Add("host", short)
	}
	b.names.Add("data-folder", b.daemon.DataDir)
	b.names.Add("socket", b.daemon.Socket)
	b.names.Add("file", b.file.Path)
}

func (b *bundle) versions() {
	v := map[string]any{"version": version.String(), "go": runtime.Version(), "system": runtime.GOOS, "arch": runtime.GOARCH}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil { // without the name that somebody gave to a build of their own
		v["kernel"], _, _ = strings.Cut(unix.ByteSliceToString(uts.Release[:]), "-")
	}
	release, _ := os.ReadFile("/etc/os-release")
	for line := range strings.Lines(string(release)) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
		case "ID":
			v["distribution"] = strings.Trim(value, `"`)
		case "VERSION_ID":
			v["distribution_version"] = strings.Trim(value, `"`)
		}
	}
	ctx, cancel := context.WithTimeout(b.ctx, bundlePatience)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "systemctl", "--version").Output(); err == nil {
		if fields := strings.Fields(string(out)); len(fields) > 1 { // systemd 257 (257.7-1)
			v["systemd"] = fields[1]
		}
	}
	if b.conn != nil {
		v["daemon"] = b.conn.Hello()
	}
	b.add("versions.json", "versions of the programs, the kernel, the distribution, systemd", v)
}

// settings adds the configuration in force. Of free text it has only the source.
func (b *bundle) settings() {
	free := []string{"instance", "data_dir", "socket", "library", "host", "ssh", "admit_group"}
	r, _ := b.configInForce() // doctor reports what is wrong with a file
	b.put("config.json", "the configuration in force, and where each value comes from", func() ([]byte, error) {
		for i, s := range r.Settings {
			field := "value"
			if slices.Contains(free, s.Key) {
				field = "" // which only the placeholder of a known name replaces
			}
			r.Settings[i].Value = b.names.Text(field, s.Value)
		}
		return protocol.JSON.Marshal(r.Settings)
	})
}

func (b *bundle) serviceUnits() {
	u, err := b.installedUnits()
	if err != nil {
		b.lacks("units.json", err)
		return
	}
	type unit struct {
		packaging.UnitState
		ExitStatus string `json:"exit_status"`
		Restarts   string `json:"restarts"`
		Unread     bool   `json:"unread"`  // its file has changed since
		Changed    bool   `json:"changed"` // by drop-ins
	}
	of := func(u packaging.UnitState) unit {
		return unit{u, u.ExitStatus, u.Restarts, u.Unread, u.DropIns != ""}
	}
	b.add("units.json", "how the service manager has the socket and the service", map[string]any{
		"manager": string(u.Manager), "socket": of(u.Socket), "service": of(u.Service),
	})
}

// fromDaemon adds what only a daemon that answers knows.
func (b *bundle) fromDaemon() {
	if b.conn == nil {
		b.missing = append(b.missing, "status.json, debug.json, goroutines.txt, metrics.txt, libraries.json: no daemon answers; doctor.json says why")
		return
	}
	if s, ok := ask(b, "status.json", api.CoreStatus, api.Empty{}); ok {
		b.names.Add("group", s.AdmitGroup)
		for _, i := range s.Instances {
			b.names.Add("data-folder", string(i.DataDir))
			b.names.Add("instance", i.Name)
		}
		b.add("status.json", "how the daemon says it is", s)
	}
	if d, ok := ask(b, "debug.json", api.CoreDebug, api.DebugInput{Limit: 1000, Goroutines: true}); ok {
		b.debug("debug.json", "goroutines.txt", "connections, calls in flight, subscriptions, memory", d)
	}
	if m, ok := ask(b, "metrics.txt", api.CoreMetrics, api.Empty{}); ok {
		b.put("metrics.txt", "the daemon's counters", func() ([]byte, error) { return b.names.Metrics(m.Text), nil })
	}
	b.add("libraries.json", "libraries, locations and the last jobs, with counts", b.libraries())
}

// A libraryDoc is a library as the archive has it.
type libraryDoc struct {
	api.LibraryInfo
	Locations []api.Location `json:"locations"`
	Jobs      []api.Job      `json:"jobs"`
}

func (b *bundle) libraries() []libraryDoc {
	docs := []libraryDoc{}
	libs, _ := ask(b, "libraries.json", api.LibrariesList, api.Empty{})
	for _, lib := range libs.Libraries {
		b.names.Add("library", lib.Name)
		b.names.Add("library-folder", string(lib.Path))
		doc, within := libraryDoc{LibraryInfo: api.LibraryInfo{Library: lib}}, client.InLibrary(lib.ID)
		what := "in libraries.json, of " + lib.ID.String()
		if info, ok := ask(b, what, api.LibrariesInfo, api.Empty{}, within); ok {
			doc.LibraryInfo = info
		}
		if l, ok := ask(b, what, api.LocationsList, api.LocationListInput{}, within); ok {
			doc.Locations = l.Locations
		}
		for _, loc := range doc.Locations {
			b.names.Add("location", string(loc.Path))
			b.names.Add("location-name", loc.Name)
		}
		if j, ok := ask(b, what, api.JobsList, api.JobListInput{Page: api.Page{Limit: bundleJobs}}, within); ok {
			doc.Jobs = j.Jobs
		}
		docs = append(docs, doc)
	}
	return docs
}

// debug adds what a daemon is doing, without what subscriptions filter by.
func (b *bundle) debug(name, stacks, about string, d api.Debug) {
	dump := d.GoroutineDump
	d.GoroutineDump = ""
	for i := range d.Subscriptions {
		d.Subscriptions[i].Filter = protocol.Filter{}
	}
	b.add(name, about, d)
	b.put(stacks, "what the goroutines of "+name+" do", func() ([]byte, error) { return redact.Stacks(dump), nil })
}

// debugFile adds what a daemon has written at SIGUSR1.
func (b *bundle) debugFile() {
	const name = "debug-file.json"
	var d api.Debug
	text, err := os.ReadFile(b.app.debugFile())
	if err == nil {
		err = protocol.JSON.Unmarshal(text, &d)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if pid := b.daemon.SocketHolder(); pid != 0 && takesNoCalls(b.connErr) {
			b.missing = append(b.missing, name+": what the daemon writes after: kill -USR1 "+strconv.Itoa(pid))
		}
	case err != nil:
		b.lacks(name, err)
	default:
		b.debug(name, "goroutines-file.txt", "what the daemon wrote when it was last sent SIGUSR1", d)
	}
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
// the file or the journal, which have those of the daemons before.
func (b *bundle) logs() {
	if b.conn != nil {
		lines, err := b.daemonLog()
		b.putLog("log-daemon.jsonl", "the last log lines that the daemon keeps", lines, err)
	}
	log := b.daemon.Log()
	kept, err := log.Tail(b.ctx, bundleLines, nil)
	var lines []map[string]any
	for _, line := range kept {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) == nil {
			lines = append(lines, fields)
		}
	}
	b.putLog("log.jsonl", "the last lines of "+only(log.File != "", "the log file")+only(log.File == "", "the journal"), lines, err)
}

// putLog adds log lines, or notes why there are none.
func (b *bundle) putLog(name, about string, lines []map[string]any, err error) {
	if err != nil {
		b.lacks(name, err)
		return
	}
	b.put(name, about, func() ([]byte, error) {
		var text bytes.Buffer
		for _, fields := range lines {
			if line, err := b.names.Line(fields); err == nil {
				text.Write(append(line, '\n'))
			}
		}
		return text.Bytes(), nil
	})
}

func (b *bundle) daemonLog() (lines []map[string]any, err error) {
	ctx, cancel := context.WithTimeout(b.ctx, bundlePatience)
	defer cancel()
	sub, err := b.conn.Subscribe(ctx, protocol.SubscribeRequest{EventTypes: []protocol.EventType{api.LogMessage.Type}, Tail: bundleLines})
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	sub.Stop()
	for {
		m, err := sub.Next(ctx)
		if err != nil && sub.Reason() != "" {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
		if m.Event == nil {
			continue
		}
		fields, err := logFields(m.Event)
		if err != nil {
			return lines, err
		}
		lines = append(lines, fields)
	}
}
