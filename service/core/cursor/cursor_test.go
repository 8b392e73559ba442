package cursor

import (
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestCursor(t *testing.T) {
	type place struct {
		Path protocol.Path `json:"path"`
		N    int64         `json:"n"`
	}
	want := place{"/bad\xff", 1<<62 + 1}
	text := Encode("list", want)
	if got, ok, err := Decode[place]("list", text); got != want || !ok || err != nil {
		t.Errorf("%+v, %v, %v", got, ok, err)
	}
	if _, ok, err := Decode[place]("list", ""); ok || err != nil {
		t.Errorf("no cursor: %v, %v", ok, err)
	}
	for _, text := range []string{Encode("other", want), text[:len(text)-2], "?", "e30", Encode("list", 7)} {
		if _, _, err := Decode[place]("list", text); !protocol.HasCode(err, protocol.Validation) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode("list", int64(7)))
	f.Add("")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, text string) {
		n, ok, err := Decode[int64]("list", text)
		if err != nil && !protocol.HasCode(err, protocol.Validation) {
			t.Error(err)
		}
		if ok && err == nil {
			if again, _, err := Decode[int64]("list", Encode("list", n)); again != n || err != nil {
				t.Errorf("%d becomes %d, %v", n, again, err)
			}
		}
	})
}
