package filter_test

import (
	"fmt"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client/filter"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

func ExampleSize() {
	var r api.SizeRange
	for _, s := range []string{"+10M", "-1G"} {
		if err := filter.Size(&r, s); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(human.Size(r.Min), "to", human.Size(*r.Max))
	// Output: 10 MiB to 1.0 GiB
}
