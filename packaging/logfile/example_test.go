package logfile_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/spacedrive-go/spacedrive/packaging/logfile"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

// Show the last errors of a daemon that does not answer.
func ExampleTail() {
	isError := func(line string) bool { return strings.Contains(line, `"level":"error"`) }
	lines, err := logfile.Tail(logfile.Path(config.DataDir()), 5, isError)
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range lines {
		fmt.Println(line)
	}
}
