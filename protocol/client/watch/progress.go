package watch

import (
	"fmt"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// Progress describes in a line how far a job is.
func Progress(kind string, status api.JobStatus, p api.Progress) string {
	parts := []string{Title(kind)}
	if status != api.JobRunning {
		parts = append(parts, string(status))
	}
	if p.Phase != "" && p.Phase != "scan" {
		parts = append(parts, p.Phase)
	}
	if p.Total > 0 {
		parts = append(parts, fmt.Sprintf("%d%%", min(100, p.Done*100/p.Total)),
			human.Count(p.Done)+" of "+human.Count(p.Total))
	} else {
		parts = append(parts, human.Plural(p.Done, "entry", "entries"))
	}
	switch {
	case p.BytesTotal > 0:
		parts = append(parts, human.Size(p.BytesDone)+" of "+human.Size(p.BytesTotal))
	case p.BytesDone > 0:
		parts = append(parts, human.Size(p.BytesDone))
	}
	if p.Rate > 0 {
		parts = append(parts, human.Count(int64(p.Rate+0.5))+"/s")
	}
	if p.ETAMS > 0 {
		parts = append(parts, human.Duration(time.Duration(p.ETAMS)*time.Millisecond)+" left")
	}
	line := strings.Join(parts, "  ")
	if p.Current != "" {
		line += "  " + human.Clean(human.Path(p.Current))
	}
	return line
}

// Title says what a job of a kind does.
func Title(kind string) string {
	if k := api.FindJobKind(kind); k != nil {
		return k.Title
	}
	return human.Clean(kind) // of a daemon of another version
}
