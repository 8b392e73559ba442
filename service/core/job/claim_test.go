package job

import (
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestConflicts(t *testing.T) {
	here, there := protocol.NewID(), protocol.NewID()
	for name, tt := range map[string]struct {
		a, b Claim
		want bool
	}{
		"two readers of a path":                 {Claim{Path: "/a"}, Claim{Path: "/a"}, false},
		"a writer and a reader of a path":       {Claim{Path: "/a", Write: true}, Claim{Path: "/a"}, true},
		"a writer above":                        {Claim{Path: "/a", Write: true}, Claim{Path: "/a/b/c"}, true},
		"a writer below":                        {Claim{Path: "/a"}, Claim{Path: "/a/b/c", Write: true}, true},
		"a neighbour whose name begins alike":   {Claim{Path: "/a", Write: true}, Claim{Path: "/ab", Write: true}, false},
		"the root":                              {Claim{Path: "/", Write: true}, Claim{Path: "/x"}, true},
		"two writers of a location":             {Claim{Location: here, Write: true}, Claim{Location: here, Write: true}, true},
		"a writer and a reader of a location":   {Claim{Location: here, Write: true}, Claim{Location: here}, true},
		"two locations":                         {Claim{Location: here, Write: true}, Claim{Location: there, Write: true}, false},
		"a scan, and a copy into the same path": {Claim{Location: here, Path: "/a", Write: true}, Claim{Path: "/a", Write: true}, false},
		"two writers of a volume":               {Claim{Volume: "uuid:1", Write: true}, Claim{Volume: "uuid:1", Write: true}, true},
		"two volumes":                           {Claim{Volume: "uuid:1", Write: true}, Claim{Volume: "uuid:2", Write: true}, false},
		"a volume, and a path on it":            {Claim{Volume: "uuid:1", Path: "/a", Write: true}, Claim{Path: "/a", Write: true}, false},
	} {
		if got := tt.a.conflicts(tt.b); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
		if got := tt.b.conflicts(tt.a); got != tt.want {
			t.Errorf("%s, the other way: %v", name, got)
		}
	}
	if got := clean([]Claim{{Path: "/a/./b/../c/"}, {Location: here}}); got[0].Path != "/a/c" || got[1].Path != "" {
		t.Errorf("%+v", got)
	}
}
