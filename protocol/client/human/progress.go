package human

import (
	"fmt"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// Progress describes in a line how far a job is.
func Progress(kind string, status api.JobStatus, p api.Progress) string {
	parts := []string{JobTitle(kind)}
	if status != api.JobRunning {
		parts = append(parts, string(status))
	}
	if p.Phase != "" && p.Phase != "scan" {
		parts = append(parts, p.Phase)
	}
	if p.Total > 0 {
		parts = append(parts, fmt.Sprintf("%d%%", min(100, p.Done*100/p.Total)),
			Count(p.Done)+" of "+Count(p.Total))
	} else {
		parts = append(parts, Plural(p.Done, "entry", "entries"))
	}
	switch {
	case p.BytesTotal > 0:
		parts = append(parts, Size(p.BytesDone)+" of "+Size(p.BytesTotal))
	case p.BytesDone > 0:
		parts = append(parts, Size(p.BytesDone))
	}
	if p.Rate > 0 {
		parts = append(parts, Count(int64(p.Rate+0.5))+"/s")
	}
	if p.ETAMS > 0 {
		parts = append(parts, Duration(time.Duration(p.ETAMS)*time.Millisecond)+" left")
	}
	line := strings.Join(parts, "  ")
	if p.Current != "" {
		line += "  " + Clean(Path(p.Current))
	}
	return line
}

// JobTitle returns what a job of this kind does.
func JobTitle(kind string) string {
	if kind == "index" {
		return "Indexing"
	}
	return Clean(kind)
}
