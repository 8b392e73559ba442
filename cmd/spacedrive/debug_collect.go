package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/cmd/spacedrive/mask"
	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

// A bundle is what goes into the archive.
type bundle struct {
	*app
	mask    *mask.Masker
	docs    []*bundleDoc
	missing []string // what is not in it, and why
}

// A bundleDoc is one file of the archive.
type bundleDoc struct {
	name, about string
	text        []byte
	how         func(*mask.Masker, []byte) []byte
	masked      []byte
}

// The ways in which documents are masked.
func maskUnits(m *mask.Masker, b []byte) []byte   { return []byte(m.Units(string(b))) }
func maskDump(m *mask.Masker, b []byte) []byte    { return []byte(m.Dump(string(b))) }
func maskMetrics(m *mask.Masker, b []byte) []byte { return []byte(m.Metrics(string(b))) }

// collectBundle collects what can be had. It fails at nothing: what cannot be
// had is named.
func collectBundle(a *app) *bundle {
	b := &bundle{app: a, mask: newMasker(a)}
	doctor := a.examine() // it connects, if that is possible
	b.versions()
	settings, _ := a.configInForce() // doctor has what is wrong with a file
	b.add("config.json", "the configuration in force, and where each value comes from", settings)
	b.add("doctor.json", "what spacedrive doctor finds", doctor)
	b.units()
	b.fromDaemon()
	b.logs()
	b.debugFile()
	return b
}

// newMasker returns a masker that knows what is private on this machine.
func newMasker(a *app) *mask.Masker {
	words := config.Keys()
	for _, t := range protocol.EventTypes {
		words = append(words, string(t))
	}
	m := mask.New(words...)
	if u, err := user.Current(); err == nil {
		m.Private("user", u.Username)
		m.Private("user", u.Name)
		m.Root(u.HomeDir)
	}
	if host, err := os.Hostname(); err == nil {
		m.Private("host", host)
		short, _, _ := strings.Cut(host, ".")
		m.Private("host", short)
	}
	home, _ := os.UserHomeDir()
	here, _ := os.Getwd()
	for _, folder := range []string{home, here, a.dataDir(), filepath.Dir(a.socket()), filepath.Dir(a.file.Path), config.ConfigHome()} {
		if filepath.IsAbs(folder) {
			m.Root(folder)
		}
	}
	return m
}

// masked masks the documents twice: a name that is learnt from a later one may
// stand in an earlier one too.
func (b *bundle) masked() []*bundleDoc {
	for range 2 {
		for _, d := range b.docs {
			d.masked = d.how(b.mask, d.text)
		}
		for i, m := range b.missing {
			b.missing[i] = b.mask.Text(m)
		}
	}
	readme := []byte(b.readme())
	return append([]*bundleDoc{{name: "README.txt", masked: readme}}, b.docs...)
}

func (b *bundle) put(name, about string, text []byte, how func(*mask.Masker, []byte) []byte) {
	b.docs = append(b.docs, &bundleDoc{name: name, about: about, text: text, how: how})
}

// add adds a JSON document.
func (b *bundle) add(name, about string, v any) {
	text, err := protocol.JSON.Marshal(v)
	if err != nil {
		b.lacks(name, err)
		return
	}
	b.put(name, about, text, (*mask.Masker).JSON)
}

// lacks notes what cannot be had.
func (b *bundle) lacks(name string, why error) {
	b.missing = append(b.missing, name+": "+protocol.AsError(why).Message)
}

// versionsDoc says what runs where.
type versionsDoc struct {
	Program      string `json:"program"`
	Version      string `json:"version"`
	Go           string `json:"go"`
	System       string `json:"system"`
	Machine      string `json:"machine"`
	Kernel       string `json:"kernel,omitzero"`
	Distribution string `json:"distribution,omitzero"`
	Systemd      string `json:"systemd,omitzero"`
	Daemon       any    `json:"daemon,omitzero"`
}

func (b *bundle) versions() {
	v := versionsDoc{Program: "spacedrive", Version: version.String(), Go: runtime.Version(), System: runtime.GOOS, Machine: runtime.GOARCH}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		v.Kernel = unix.ByteSliceToString(uts.Sysname[:]) + " " + unix.ByteSliceToString(uts.Release[:])
	}
	v.Distribution = distribution()
	if out, err := b.command("systemctl", "--version"); err == nil {
		first, _, _ := strings.Cut(string(out), "\n")
		v.Systemd = first
	}
	if b.conn != nil {
		v.Daemon = b.conn.Hello()
	}
	b.add("versions.json", "programs, kernel, distribution, systemd", v)
}

// distribution returns the name that os-release(5) gives the system, "" where
// there is none.
func distribution() string {
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
				return strings.Trim(name, `"`)
			}
		}
	}
	return ""
}

// patience is how long the bundle waits for one thing that it wants to know.
const bundlePatience = 5 * time.Second

func (b *bundle) command(name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(b.ctx, bundlePatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}

// units adds what systemd knows of the socket and the service.
func (b *bundle) units() {
	if _, err := b.installedUnits(); err != nil {
		b.lacks("units.txt", err)
		return
	}
	var text bytes.Buffer
	for _, unit := range []string{packaging.SocketUnit(b.instance()), packaging.ServiceUnit(b.instance())} {
		for _, what := range [][]string{{"status", "--full", "--lines=20"}, {"cat"}, {"show"}} {
			args := append([]string{"--no-pager"}, append(what, unit)...)
			if !b.system() {
				args = append([]string{"--user"}, args...)
			}
			text.WriteString("$ systemctl " + strings.Join(args, " ") + "\n")
			out, err := b.command("systemctl", args...)
			text.Write(out)
			if err != nil {
				text.WriteString("(" + err.Error() + ")\n")
			}
			text.WriteByte('\n')
		}
	}
	b.put("units.txt", "what systemctl tells of the socket and the service", text.Bytes(), maskUnits)
}

// debugFile adds what a daemon has written down on SIGUSR1.
func (b *bundle) debugFile() {
	text, err := os.ReadFile(b.app.debugFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if pid := b.socketHolder(); pid != 0 && deaf(b.connErr) {
			b.missing = append(b.missing, "debug-file.json: what the daemon writes down after: kill -USR1 "+strconv.Itoa(pid))
		}
	case err != nil:
		b.lacks("debug-file.json", err)
	default:
		b.put("debug-file.json", "what the daemon wrote down when it was last sent SIGUSR1", text, (*mask.Masker).JSON)
	}
}
