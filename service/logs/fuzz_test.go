package logs

import (
	"regexp"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// FuzzLine takes any line apart, as zerolog may write it, with fields that
// hold what a client sent: it makes an event that reaches subscribers in both
// encodings, and fields that the journal takes.
func FuzzLine(f *testing.F) {
	name := regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`) // systemd.journal-fields(7)
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := parse(raw)
		if err != nil {
			return
		}
		if l.level.Rank() < 0 {
			t.Fatalf("%q has the level %q", raw, l.level)
		}
		if _, known := priorities[l.level]; !known {
			t.Fatalf("%q has the level %q, which the journal does not get", raw, l.level)
		}
		ev := l.event()
		for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
			text, err := enc.Marshal(&ev)
			if err != nil {
				t.Fatalf("%q makes no event in %v: %v", raw, enc, err)
			}
			stream := protocol.NewEventFrame(enc, 1).Append(nil, text)
			if enc == protocol.CBOR {
				stream = stream[4:]
			}
			if _, err := protocol.ParseReply(enc, stream); err != nil {
				t.Fatalf("%q makes %q in %v: %v", raw, text, enc, err)
			}
		}
		_ = l.messageWithError()
		for field, value := range l.fields {
			_ = fieldText(value)
			if got := fieldName(field); !name.MatchString(got) {
				t.Fatalf("the field %q is called %q in the journal", field, got)
			}
		}
	})
}
