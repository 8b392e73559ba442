package logs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestFieldText(t *testing.T) {
	for _, tt := range []struct {
		raw, want string
	}{
		{`{"pid":4194304}`, "4194304"},
		{`{"took_ms":0.25}`, "0.25"},
		{`{"code":"not_found"}`, "not_found"},
		{`{"ok":true}`, "true"},
	} {
		l, err := parse([]byte(tt.raw))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range l.fields {
			if got := fieldText(value); got != tt.want {
				t.Errorf("%s is %q, want %q", name, got, tt.want)
			}
		}
	}
}

func TestWhatTheEventSystemLogsIsNotPublished(t *testing.T) {
	file := filepath.Join(t.TempDir(), "daemon.log")
	l, err := Open(JSON, file)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	published := 0
	l.Attach("default", func(protocol.Event) { published++ })
	log := l.Logger()
	log.Error().Str("target", EventTarget).Str("instance", "default").Msg("an event cannot be sent")
	log.Error().Str("target", "server").Str("instance", "default").Msg("another")
	if published != 1 {
		t.Errorf("%d lines published", published)
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("the file has %q, %v", text, err)
	}
}
