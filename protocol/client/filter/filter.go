// Package filter reads the sizes and times that people type to narrow a search.
package filter

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// sizeUnits are those of find(1) and ls(1), powers of 1024, and the decimal
// ones with their B.
var sizeUnits = []struct {
	names []string
	bytes float64
}{
	{[]string{"", "b", "c"}, 1},
	{[]string{"k", "ki", "kib"}, 1 << 10}, {[]string{"m", "mi", "mib"}, 1 << 20},
	{[]string{"g", "gi", "gib"}, 1 << 30}, {[]string{"t", "ti", "tib"}, 1 << 40},
	{[]string{"kb"}, 1e3}, {[]string{"mb"}, 1e6}, {[]string{"gb"}, 1e9}, {[]string{"tb"}, 1e12},
}

// Size narrows r by a size as fd(1) reads it: +10M is that or more, -10M
// that or less, 10M exactly that.
func Size(r *api.SizeRange, s string) error {
	n, err := bytesOf(unsigned(s))
	if err != nil {
		return fmt.Errorf("%q is not a size such as +10M, -500k or 4096", s)
	}
	switch {
	case strings.HasPrefix(s, "+"):
		r.Min = max(r.Min, n)
	case strings.HasPrefix(s, "-"):
		r.Max = least(r.Max, n)
	default:
		r.Min, r.Max = max(r.Min, n), least(r.Max, n)
	}
	if r.Max != nil && r.Min > *r.Max {
		return fmt.Errorf("nothing is both %d bytes or more and %d or less", r.Min, *r.Max)
	}
	return nil
}

// unsigned takes the sign off, if there is one.
func unsigned(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// least returns the smaller of two upper ends, of which the first may be none.
func least(a *int64, b int64) *int64 {
	if a != nil {
		b = min(*a, b)
	}
	return &b
}

func bytesOf(s string) (int64, error) {
	digits := strings.TrimRightFunc(s, func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' })
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n < 0 {
		return 0, strconv.ErrSyntax
	}
	unit := strings.ToLower(s[len(digits):])
	for _, u := range sizeUnits {
		for _, name := range u.names {
			if name == unit {
				if n *= u.bytes; n >= math.MaxInt64 {
					return 0, strconv.ErrRange
				}
				return int64(n), nil
			}
		}
	}
	return 0, strconv.ErrSyntax
}

// Lengths of time by their unit. A month is 30 days and a year 365.
var timeUnits = map[string]time.Duration{
	"s": time.Second, "sec": time.Second,
	"m": time.Minute, "min": time.Minute,
	"h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
	"mo": 30 * 24 * time.Hour, "month": 30 * 24 * time.Hour,
	"y": 365 * 24 * time.Hour,
}

// Time narrows r by a time in the past: 7d and -7d are within the last seven
// days, +7d is before that; 2026-01-31 is since that day in the zone of now, and
// +2026-01-31 before it.
func Time(r *api.TimeRange, s string, now time.Time) error {
	t, err := moment(unsigned(s), now)
	if err != nil {
		return fmt.Errorf("%q is not a time such as 7d, +2w, 36h or 2026-01-31", s)
	}
	if strings.HasPrefix(s, "+") {
		if r.To.IsZero() || t.Before(r.To) {
			r.To = t
		}
	} else if t.After(r.From) {
		r.From = t
	}
	if !r.To.IsZero() && !r.From.Before(r.To) {
		return fmt.Errorf("no time is both since %s and before %s", human.Time(r.From), human.Time(r.To))
	}
	return nil
}

func moment(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02T15:04", time.DateTime, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	digits := strings.TrimRightFunc(s, func(r rune) bool { return 'a' <= r && r <= 'z' })
	n, err := strconv.ParseFloat(digits, 64)
	unit, ok := timeUnits[s[len(digits):]]
	if err != nil || !ok || n < 0 || n*float64(unit) > math.MaxInt64 {
		return time.Time{}, strconv.ErrSyntax
	}
	return now.Add(-time.Duration(n * float64(unit))), nil
}
