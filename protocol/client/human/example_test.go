package human_test

import (
	"fmt"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

func ExampleSize() {
	fmt.Println(human.Size(512), human.Size(1_500_000), human.Size(1<<40))
	// Output: 512 B 1.4 MiB 1.0 TiB
}

func ExamplePlural() {
	fmt.Println(human.Plural(1, "file", "files"), "in", human.Plural(1200, "folder", "folders"))
	// Output: 1 file in 1,200 folders
}

func ExampleDuration() {
	fmt.Println(human.Duration(90*time.Minute), human.Duration(1500*time.Millisecond))
	// Output: 1h 30m 1.5s
}

func ExampleClean() {
	fmt.Println(human.Clean("report\x1b[2J\n\xff.txt"))
	// Output: report\x1b[2J\n\xff.txt
}

func ExampleError() {
	err := protocol.Errorf(protocol.NotFound, "no library %q", "Fotos").WithHint("did you mean %q?", "Photos")
	message, hint := human.Error(err)
	fmt.Println(message)
	fmt.Println(" ", hint)
	// Output:
	// no library "Fotos"
	//   did you mean "Photos"?
}
