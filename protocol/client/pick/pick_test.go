package pick

import (
	"slices"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestShortIDsTellApart(t *testing.T) {
	id := func(s string) protocol.ID {
		id, err := protocol.ParseID(s)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	self := func(id protocol.ID) protocol.ID { return id }
	a, b := id("01a209d7-b97a-77b6-b2e8-061a758bf5f0"), id("01a209d7-b968-7a9d-ba78-130602b00e67")
	if got := ShortIDs([]protocol.ID{a, b}, self); !slices.Equal(got, []string{"01a209d7-b97", "01a209d7-b96"}) {
		t.Errorf("short are %v", got)
	}
	if got := ShortIDs([]protocol.ID{a}, self); !slices.Equal(got, []string{"01a209d7"}) {
		t.Errorf("short is %v", got)
	}
	for _, prefix := range []string{"01a209d7-b97", "01A209D7B97", "01a2", a.String()} {
		if !hasPrefix(a, prefix) {
			t.Errorf("%s does not begin with %s", a, prefix)
		}
	}
	if hasPrefix(a, "") || hasPrefix(a, "02") {
		t.Error("fits a prefix that it has not")
	}
}
