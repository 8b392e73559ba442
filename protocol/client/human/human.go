// Package human writes sizes, times, counts, paths and errors for people.
//
// Everything that comes from the daemon or a disk, such as a name or a message,
// goes through Clean before it reaches a terminal.
package human

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Size writes a number of bytes in units of 1024, as ls -h and find do.
func Size(n int64) string {
	if n < 1<<10 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f := float64(n)
	for _, unit := range []string{"KiB", "MiB", "GiB", "TiB", "PiB"} {
		f /= 1 << 10
		switch {
		case f < 9.95:
			return fmt.Sprintf("%.1f %s", f, unit)
		case f < 1023.5:
			return fmt.Sprintf("%.0f %s", f, unit)
		}
	}
	return fmt.Sprintf("%.0f EiB", f/(1<<10))
}

// Count writes 1234567 as 1,234,567.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Plural writes a count with its noun.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Duration writes a length of time with its two largest units.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm %02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh %02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd %02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// Time writes a time in the person's zone, to the minute; "" for the zero time.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04")
}

// Path writes a path in the user's home folder with a ~.
func Path(p protocol.Path) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "/" {
		return string(p)
	}
	if rest, ok := strings.CutPrefix(string(p), home); ok && (rest == "" || rest[0] == '/') {
		return "~" + rest
	}
	return string(p)
}

// Error returns what happened and, where that is known, what to do about it,
// each on one line and safe for a terminal.
func Error(err error) (message, hint string) {
	e := protocol.AsError(err)
	return Clean(e.Message), Clean(e.Hint)
}
