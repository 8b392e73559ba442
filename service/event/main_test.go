package event_test

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	// Each check publishes up to 45,000 events; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
