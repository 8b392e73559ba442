package version

import (
	"runtime/debug"
	"testing"
)

func TestFromBuild(t *testing.T) {
	for noted, want := range map[string]string{
		"":                                   "devel",
		"(devel)":                            "devel",
		"v1.2.3":                             "1.2.3",
		"v0.0.0-20261123183813-ddb970b8a3f1": "0.0.0-20261123183813-ddb970b8a3f1",
		"v1.0.0+dirty":                       "1.0.0+dirty",
	} {
		if got := fromBuild(&debug.BuildInfo{Main: debug.Module{Version: noted}}); got != want {
			t.Errorf("%q gives %q, want %q", noted, got, want)
		}
	}
	if String() == "" {
		t.Error("the version is empty")
	}
}
