package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A painter keeps progress lines, one a job, at the bottom of a terminal.
type painter struct {
	to    *os.File
	width func() int
	shown int       // lines on the screen now
	last  time.Time // of the last painting
}

// repaintEvery is how often lines change at most: faster cannot be read.
const repaintEvery = 100 * time.Millisecond

// paint shows the lines in place of those shown before. Unless now is set it
// does nothing when the last time was a moment ago.
func (p *painter) paint(lines []string, now bool) {
	if !now && time.Since(p.last) < repaintEvery {
		return
	}
	p.last = time.Now()
	var b strings.Builder
	p.home(&b)
	width := p.width() - 1 // the last column makes some terminals wrap
	for _, line := range lines {
		b.WriteString(runewidth.Truncate(line, width, "…") + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	p.shown = len(lines)
	fmt.Fprint(p.to, b.String())
}

// clear takes the lines off the screen.
func (p *painter) clear() {
	if p.shown == 0 {
		return
	}
	var b strings.Builder
	p.home(&b)
	b.WriteString("\x1b[J")
	p.shown = 0
	fmt.Fprint(p.to, b.String())
}

func (p *painter) home(b *strings.Builder) {
	if p.shown > 0 {
		fmt.Fprintf(b, "\x1b[%dA\r", p.shown)
	}
}

// progressLine describes a job for its live line.
func progressLine(kind string, status api.JobStatus, p api.Progress) string {
	parts := []string{jobTitle(kind)}
	if status != api.JobRunning {
		parts = append(parts, string(status))
	}
	if p.Phase != "" && p.Phase != "scan" {
		parts = append(parts, p.Phase)
	}
	if p.Total > 0 {
		parts = append(parts, fmt.Sprintf("%d%%", min(100, p.Done*100/p.Total)),
			formatCount(p.Done)+" of "+formatCount(p.Total))
	} else {
		parts = append(parts, plural(p.Done, "entry", "entries"))
	}
	switch {
	case p.BytesTotal > 0:
		parts = append(parts, formatSize(p.BytesDone)+" of "+formatSize(p.BytesTotal))
	case p.BytesDone > 0:
		parts = append(parts, formatSize(p.BytesDone))
	}
	if p.Rate > 0 {
		parts = append(parts, formatCount(int64(p.Rate+0.5))+"/s")
	}
	if p.ETAMS > 0 {
		parts = append(parts, formatDuration(time.Duration(p.ETAMS)*time.Millisecond)+" left")
	}
	line := strings.Join(parts, "  ")
	if p.Current != "" {
		line += "  " + clean(homely(p.Current))
	}
	return line
}

// jobTitle says what a job of a kind does.
func jobTitle(kind string) string {
	if k := api.FindJobKind(kind); k != nil {
		return k.Title
	}
	return clean(kind) // of a daemon of another version
}

// progressOf returns the lines of the jobs, in the order of their ids, which
// is the order in which they were made.
func progressOf(order []protocol.ID, jobs map[protocol.ID]*api.JobInfo) []string {
	lines := make([]string, 0, len(order))
	for _, id := range order {
		if j := jobs[id]; j != nil { // else it has not been asked for yet
			lines = append(lines, progressLine(j.Kind, j.Status, j.Progress))
		}
	}
	return lines
}
