// Package version tells which release a program was built from. Both programs
// tell the same, so that each can notice when the other is of another one.
package version

import (
	"runtime/debug"
	"strings"
	"sync"
)

// release is set when a release is built:
// -ldflags "-X github.com/spacedrive-go/spacedrive/protocol/version.release=1.2.3".
var release string

// String returns the release, such as "1.2.3"; without one what the go command
// noted, such as "0.0.0-20261123183813-ddb970b8a3f1"; else "devel".
var String = sync.OnceValue(func() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	return fromBuild(info)
})

func fromBuild(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return strings.TrimPrefix(v, "v")
	}
	return "devel"
}
