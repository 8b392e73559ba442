package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/packaging"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

type debugBundleCmd struct {
	File string `arg:"" optional:"" help:"Archive to write; one that is there is never overwritten (default: spacedrive-debug-DATE.tar.gz, here)." placeholder:"FILE" complete:"file"`
}

// bundleResult is the document that --json prints.
type bundleResult struct {
	File    protocol.Path `json:"file"`
	Bytes   int64         `json:"bytes"`
	Files   []bundleEntry `json:"files"`
	Missing []string      `json:"missing"`
	Names   int           `json:"names_masked"` // those that have a placeholder
}

type bundleEntry struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
	About string `json:"about"`
}

func (c *debugBundleCmd) Run(a *app) error {
	if a.cli.Host != "" || a.cli.Standalone {
		return usage("debug bundle is about this machine's daemon; run it there, without --host and --standalone")
	}
	now := time.Now()
	if c.File == "" {
		c.File = "spacedrive-debug-" + now.Format("20060102-150405") + ".tar.gz"
	}
	if _, err := os.Lstat(c.File); err == nil { // before the work
		return bundleExists(c.File)
	}
	a.wireJSON = true // as what is printed as JSON must be
	b := collectBundle(a)
	size, err := writeBundle(c.File, append([]bundleDoc{{name: "README.txt", text: []byte(b.readme())}}, b.docs...), now)
	if err != nil {
		return err
	}
	r := bundleResult{File: protocol.Path(c.File), Bytes: size, Missing: b.missing, Names: b.names.Len()}
	for _, d := range b.docs {
		r.Files = append(r.Files, bundleEntry{d.name, len(d.text), d.about})
	}
	return a.term.show(r, func() { a.printBundle(r) })
}

func (a *app) printBundle(r bundleResult) {
	a.term.printf("%s  %s\n\n", human.Clean(string(r.File)), human.Size(r.Bytes))
	t := newTable("FILE", ">SIZE", "HOLDS")
	for _, f := range r.Files {
		t.add(f.Name, human.Size(int64(f.Bytes)), f.About)
	}
	t.print(a.term)
	if len(r.Missing) > 0 {
		a.term.printf("\nNot in it:\n")
		for _, m := range r.Missing {
			a.term.printf("  %s\n", human.Clean(m))
		}
	}
	a.term.note("\nLook at the archive before you send it: tar xzf %s", packaging.ShellWord(human.Clean(string(r.File))))
}

func bundleExists(path string) error {
	return protocol.Errorf(protocol.AlreadyExists, "%s is there already", path).With("path", protocol.Path(path)).
		WithHint("move it away, or name another file")
}

// writeBundle writes the archive. Where that fails, none is left behind.
func writeBundle(path string, docs []bundleDoc, at time.Time) (size int64, err error) {
	var packed bytes.Buffer // whose writes cannot fail
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zip)
	folder := "spacedrive-debug-" + at.UTC().Format("20060102T150405Z") + "/"
	for _, d := range docs {
		h := &tar.Header{Name: folder + d.name, Mode: 0o600, Size: int64(len(d.text)), ModTime: at.UTC().Truncate(time.Second)}
		if err := archive.WriteHeader(h); err != nil {
			return 0, err
		}
		_, _ = archive.Write(d.text)
	}
	if err := errors.Join(archive.Close(), zip.Close()); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return 0, bundleExists(path)
	}
	if err != nil {
		return 0, protocol.Errorf(protocol.AsError(err).Code, "cannot write the archive: %w", err).WithHint("name a file in a folder of yours")
	}
	_, err = f.Write(packed.Bytes())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path)
		return 0, fmt.Errorf("cannot write the archive %s: %w", path, err)
	}
	return int64(packed.Len()), nil
}

// readme describes the archive to whoever opens it.
func (b *bundle) readme() string {
	var t strings.Builder
	t.WriteString("What \"spacedrive debug bundle\" found.\n\n")
	for _, d := range b.docs {
		fmt.Fprintf(&t, "%-16s %s\n", d.name, d.about)
	}
	if len(b.missing) > 0 {
		t.WriteString("\nNot in it:\n")
		for _, m := range b.missing {
			fmt.Fprintf(&t, "  %s\n", m)
		}
	}
	t.WriteString(`
Left out:
  - every text that is not a single word of the programs' own under a field that
    is known, such as a state, a method or an error's code; "(left out)" stands in
    its place
  - the words of errors, what doctor's messages say of this machine, and all of a
    log line but its constant message and known fields
  - lines of the log that are not JSON, and the messages of other programs
  - the text of the units, their arguments and environment
  - names of client programs, and what subscriptions filter by

Placeholders such as library-1 stand for names of libraries, locations, instances,
folders, the user, this machine, and for ids that clients choose: the same for the
same throughout this archive.
`)
	return t.String()
}
