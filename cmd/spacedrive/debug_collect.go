package main

import (
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

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/cmd/spacedrive/redact"
	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/version"
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
	text        []byte
}

// collectBundle collects what there is, and notes what there is not. The names
// come first, so that each has its placeholder everywhere.
func collectBundle(a *app) *bundle {
	b := &bundle{app: a}
	findings := a.examine().Checks // it connects, if that is possible
	b.learnNames()
	libraries := b.askLibraries()
	b.versions()
	b.settings()
	for i, f := range findings {
		findings[i].Message, findings[i].Fix = f.Form, ""
	}
	b.plain("doctor.json", "what spacedrive doctor finds", findings)
	b.units()
	b.fromDaemon(libraries)
	b.logs()
	b.debugFile()
	return b
}

// learnNames learns what is private on this machine and known without a daemon.
func (b *bundle) learnNames() {
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

func (b *bundle) put(name, about string, text []byte) {
	b.docs = append(b.docs, bundleDoc{name, about, text})
}

// add adds a JSON document, its texts reduced.
func (b *bundle) add(name, about string, v any) {
	text, err := b.names.JSON(v)
	if err != nil {
		b.lacks(name, err)
		return
	}
	b.put(name, about, text)
}

// plain adds a JSON document of which nothing is private.
func (b *bundle) plain(name, about string, v any) {
	text, err := protocol.JSON.Marshal(v)
	if err != nil {
		b.lacks(name, err)
		return
	}
	b.put(name, about, text)
}

// lacks notes what there is not, and the code of why.
func (b *bundle) lacks(name string, why error) {
	b.missing = append(b.missing, name+": "+string(protocol.AsError(why).Code))
}

// versionsDoc says what runs where.
type versionsDoc struct {
	Version             string `json:"version"`
	Go                  string `json:"go"`
	System              string `json:"system"`
	Arch                string `json:"arch"`
	Kernel              string `json:"kernel,omitzero"`
	Distribution        string `json:"distribution,omitzero"`
	DistributionVersion string `json:"distribution_version,omitzero"`
	Systemd             string `json:"systemd,omitzero"`
	Daemon              any    `json:"daemon,omitzero"`
}

func (b *bundle) versions() {
	v := versionsDoc{Version: version.String(), Go: runtime.Version(), System: runtime.GOOS, Arch: runtime.GOARCH}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil { // without what a build of one's own is called
		v.Kernel, _, _ = strings.Cut(unix.ByteSliceToString(uts.Release[:]), "-")
	}
	release, _ := os.ReadFile("/etc/os-release")
	for line := range strings.Lines(string(release)) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
		case "ID":
			v.Distribution = strings.Trim(value, `"`)
		case "VERSION_ID":
			v.DistributionVersion = strings.Trim(value, `"`)
		}
	}
	ctx, cancel := context.WithTimeout(b.ctx, bundlePatience)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "systemctl", "--version").Output(); err == nil {
		if fields := strings.Fields(string(out)); len(fields) > 1 { // systemd 257 (257.7-1)
			v.Systemd = fields[1]
		}
	}
	if b.conn != nil {
		v.Daemon = b.conn.Hello()
	}
	b.add("versions.json", "versions of the programs, the kernel, the distribution, systemd", v)
}

// bundlePatience is how long the bundle waits for one answer.
const bundlePatience = 5 * time.Second

// settings adds the configuration in force. Of what a person has written freely
// it has only where it comes from.
func (b *bundle) settings() {
	free := []string{"instance", "data_dir", "socket", "library", "host", "ssh", "admit_group"}
	r, _ := b.configInForce() // doctor reports what is wrong with a file
	for i, s := range r.Settings {
		field := "value"
		if slices.Contains(free, s.Key) {
			field = "" // the value passes only if it is a name that is known
		}
		r.Settings[i].Value = b.names.Text(field, s.Value)
	}
	b.plain("config.json", "the configuration in force, and where each value comes from", r.Settings)
}

// units adds how the service manager has the socket and the service.
func (b *bundle) units() {
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
	b.add("units.json", "how the service manager has the socket and the service", struct {
		Manager string `json:"manager"`
		Socket  unit   `json:"socket"`
		Service unit   `json:"service"`
	}{string(u.Manager), of(u.Socket), of(u.Service)})
}

// debugFile adds what a daemon has written down on SIGUSR1.
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
			b.missing = append(b.missing, name+": what the daemon writes down after: kill -USR1 "+strconv.Itoa(pid))
		}
	case err != nil:
		b.lacks(name, err)
	default:
		b.debug(name, "goroutines-file.txt", "what the daemon wrote down when it was last sent SIGUSR1", d)
	}
}
