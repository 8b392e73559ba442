package main

import (
	"slices"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// checkIDs checks that an event message carries no id that its type does not
// declare.
func checkIDs(t *testing.T, message any) {
	t.Helper()
	typ := protocol.EventType(get(message, "event.type"))
	declared := typ.Spec().IDs.Keys()
	for _, key := range []string{"library_id", "location_id", "job_id", "device_id"} {
		if get(message, "event."+key) != "" && !slices.Contains(declared, key) {
			t.Errorf("an event %s carries %s, and is declared to carry %v", typ, key, declared)
		}
	}
}
