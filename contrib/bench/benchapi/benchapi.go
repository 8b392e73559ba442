// Package benchapi declares the operations that are measured and that the
// daemon itself has no use for: a small call, a listing of entries that are
// known beforehand, and events at will. benchd has them.
package benchapi

import (
	"fmt"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// The operations of benchd.
var (
	Small    = protocol.CoreQuery[SmallMessage, SmallMessage]("bench.small", "Say it again")
	Listing  = protocol.CoreQuery[ListingInput, api.SearchResult]("bench.listing", "List entries that are held in memory")
	Names    = protocol.CoreQuery[ListingInput, NamesOutput]("bench.names", "List entries of about 100 bytes")
	Publish  = protocol.CoreAction[PublishInput, Published]("bench.publish", "Publish events, as fast as that goes")
	Counters = protocol.CoreQuery[api.Empty, CountersOutput]("bench.counters", "Tell what the process has used so far")
)

// SmallMessage goes to and fro in about 100 bytes.
type SmallMessage struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// Validate checks the size, for there is no operation without such a check.
func (m *SmallMessage) Validate() error {
	if m.Size < 0 {
		return protocol.Invalid("size", "the size is %d", m.Size)
	}
	return nil
}

// ASmallMessage is the one that is sent.
var ASmallMessage = SmallMessage{Name: "holiday photo.jpg", Size: 3_141_592}

// ListingInput says how many entries are listed.
type ListingInput struct {
	Entries int `json:"entries"`
}

// NamesOutput is a listing of about 100 bytes an entry.
type NamesOutput struct {
	Entries []Named `json:"entries"`
}

// Named is what a listing of a folder needs of an entry.
type Named struct {
	ID         protocol.ID   `json:"id"`
	Name       protocol.Path `json:"name"`
	Size       int64         `json:"size"`
	ModifiedAt time.Time     `json:"modified_at"`
}

// PublishInput says how many events are published.
type PublishInput struct {
	Events int `json:"events"`
}

// Published tells how long that took.
type Published struct {
	TookNS int64 `json:"took_ns"`
}

// CountersOutput is what the process has used so far.
type CountersOutput struct {
	Allocations uint64 `json:"allocations"`
	Gaps        uint64 `json:"gaps" jsonschema:"sent to subscribers"`
}

// Entries returns the first n entries of the listing, always the same.
func Entries(n int) []api.Hit {
	hits := make([]api.Hit, n)
	for i := range hits {
		name := fmt.Sprintf("img_%05d.jpg", i)
		path := protocol.Path(fmt.Sprintf("/home/ada/Photos/2026/%02d/%s", i/1000, name))
		hits[i] = api.Hit{
			Entry: api.Entry{
				ID: id(i), Path: path, Name: protocol.Path(name), Kind: "image", Size: int64(i) * 4099,
				ModifiedAt: time.Unix(1_780_000_000+int64(i), 123_456_789).UTC(), LocationID: id(-1),
			},
			Path: path, Score: 1,
			Highlights: []api.Highlight{{Start: 0, End: 3}},
		}
	}
	return hits
}

// NamesOf returns the same entries with less of each.
func NamesOf(hits []api.Hit) []Named {
	all := make([]Named, len(hits))
	for i, h := range hits {
		all[i] = Named{h.Entry.ID, h.Entry.Name, h.Entry.Size, h.Entry.ModifiedAt.Truncate(time.Second)}
	}
	return all
}

// id returns an id that is always the same for n.
func id(n int) (id protocol.ID) {
	copy(id[:], fmt.Sprintf("%016d", n))
	id[6], id[8] = 0x70, 0x80 // version and variant
	return id
}

// Library is the one that all events belong to.
var Library = id(-2)

// Event returns the event that is published: about 200 bytes, encoded.
func Event() protocol.Event {
	ev := api.LocationUpdated.New(api.LocationEvent{Path: "/home/ada/Photos", Name: "Photos", State: api.Online})
	ev.LibraryID = Library
	return ev
}
