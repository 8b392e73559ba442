package pick_test

import (
	"context"
	"fmt"
	"log"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/pick"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

func ExampleOne() {
	libraries := []api.Library{{Name: "Photos"}, {Name: "Documents"}}
	names := func(l api.Library) (protocol.ID, []string) { return l.ID, []string{l.Name} }
	lib, err := pick.One("library", "photos", libraries, names)
	fmt.Println(lib.Name, err)
	_, err = pick.One("library", "Fotos", libraries, names)
	fmt.Println(err)
	// Output:
	// Photos <nil>
	// no library "Fotos" (did you mean "Photos"?)
}

// Search in the library that the user named.
func ExampleLibrary() {
	ctx := context.Background()
	c, err := client.Dial(ctx, client.Socket(config.SocketPath(config.DataDir(), "")))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	lib, err := pick.Library(ctx, c, "photos")
	if err != nil {
		log.Fatal(err)
	}
	found, err := client.Call(ctx, c, api.SearchFiles, api.SearchInput{Query: "beach"}, client.InLibrary(lib.ID))
	if err != nil {
		log.Fatal(err)
	}
	for _, hit := range found.Hits {
		fmt.Println(hit.Path)
	}
}
