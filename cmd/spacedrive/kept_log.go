package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging"
)

// logFile is the file that a daemon of its own logs to.
func (a *app) logFile() string { return filepath.Join(a.dataDir(), "logs", "daemon.log") }

// keptLog returns the last n lines that fit of the log that the daemon left:
// of its unit in the journal, where systemd runs it, else of its file, in the
// file's form. from names the one that was read.
func (a *app) keptLog(n int, fits func(string) bool) (from string, lines []string, err error) {
	if a.journaled() {
		from = "the journal of " + packaging.ServiceUnit(a.instance())
		lines, err = a.journal(n, fits)
		return from, lines, err
	}
	from = a.logFile()
	lines, err = tailOf(from, n, fits)
	return from, lines, err
}

func (a *app) followCommand(from string) string {
	if unit, ok := strings.CutPrefix(from, "the journal of "); ok {
		return a.journalOf() + " -f -u " + unit
	}
	return "tail -f " + packaging.ShellWord(from)
}

// tailBytes is how much of a log file's end is read: some thousands of lines.
const tailBytes = 1 << 20

// tailOf returns the last n lines of a file that fit.
func tailOf(path string, n int, fits func(string) bool) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	start := max(0, size-tailBytes)
	end, err := io.ReadAll(io.NewSectionReader(f, start, size-start))
	if err != nil {
		return nil, fmt.Errorf("cannot read the log: %w", err)
	}
	if start > 0 { // begin with a whole line
		_, end, _ = bytes.Cut(end, []byte{'\n'})
	}
	var lines []string
	for _, line := range splitLines(end) {
		if fits(line) {
			lines = append(lines, line)
		}
	}
	return lines[max(0, len(lines)-n):], nil
}

func splitLines(b []byte) []string {
	text := strings.TrimRight(string(b), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
