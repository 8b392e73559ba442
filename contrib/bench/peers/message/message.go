// Package message holds what crosses the wire: the same values as
// contrib/bench/benchapi has.
package message

import "fmt"

// Small goes to and fro.
type Small struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// ASmall is the one that is sent.
var ASmall = Small{Name: "holiday photo.jpg", Size: 3_141_592}

// Check reports an answer that is not what was sent.
func Check(got Small) error {
	if got != ASmall {
		return fmt.Errorf("the answer is %+v", got)
	}
	return nil
}
