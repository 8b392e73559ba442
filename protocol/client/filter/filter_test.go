package filter

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func TestSizes(t *testing.T) {
	for in, want := range map[string]api.SizeRange{
		"+10M": {Min: 10 << 20}, "-500k": {Max: new(int64(500 << 10))}, "4096": {Min: 4096, Max: new(int64(4096))}, "0": {Max: new(int64)}, "+1.5G": {Min: 3 << 29},
		"+2MB": {Min: 2_000_000}, "+2MiB": {Min: 2 << 20}, "+7c": {Min: 7}, "+0": {},
	} {
		var r api.SizeRange
		if err := Size(&r, in); err != nil || !reflect.DeepEqual(r, want) {
			t.Errorf("%s is %+v, error %v; want %+v", in, r, err, want)
		}
	}
	for _, in := range []string{"", "+", "big", "1X", "--1", "1e400G", "nan", "+99999999999T"} {
		if err := Size(new(api.SizeRange), in); err == nil {
			t.Errorf("%q gives %v, want an error", in, err)
		}
	}
	r := api.SizeRange{}
	if err := errors.Join(Size(&r, "+1k"), Size(&r, "-1M")); err != nil || !reflect.DeepEqual(r, api.SizeRange{Min: 1 << 10, Max: new(int64(1 << 20))}) {
		t.Errorf("both ends are %+v, error %v", r, err)
	}
}

func TestAges(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for in, want := range map[string]api.TimeRange{
		"7d": {From: now.Add(-7 * day)}, "-7d": {From: now.Add(-7 * day)}, "+2w": {To: now.Add(-14 * day)},
		"36h": {From: now.Add(-36 * time.Hour)}, "90min": {From: now.Add(-90 * time.Minute)},
		"2026-01-31":           {From: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)},
		"+2026-01-31 08:30":    {To: time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)},
		"2026-01-31T08:30:00Z": {From: time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)},
	} {
		var r api.TimeRange
		if err := Time(&r, in, now); err != nil || !r.From.Equal(want.From) || !r.To.Equal(want.To) {
			t.Errorf("%s is %+v, error %v; want %+v", in, r, err, want)
		}
	}
	for _, in := range []string{"", "yesterday", "7", "7x", "+", "2026-13-01", "1e300y"} {
		if err := Time(new(api.TimeRange), in, now); err == nil {
			t.Errorf("%q gives %v, want an error", in, err)
		}
	}
}
