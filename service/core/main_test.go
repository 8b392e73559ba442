package core_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests, or one of the programs that tests start as another
// process.
func TestMain(m *testing.M) {
	if name := os.Getenv("CORE_TEST_CHILD"); name != "" {
		children[name]()
		return
	}
	// Each check makes a library; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// children are the programs that tests start as another process.
var children = map[string]func(){
	"index":      indexUntilKilled,
	"unreadable": indexUnreadable,
}
