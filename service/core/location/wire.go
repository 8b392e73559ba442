package location

import (
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// Wire returns an entry as operations show it, but for its path; in is the
// folder that it is in, and id that of the location.
func Wire(ids entries.IDSpace, e *entries.Entry, in entries.FolderInfo, id protocol.ID) api.Entry {
	w := api.Entry{
		ID: ids.ID(e.ID), Name: api.Path(e.Name), Kind: e.Kind.String(),
		Size: e.Size, ModifiedAt: time.Unix(0, e.Modified).UTC(), LocationID: id,
		Hidden: in.Hidden || entries.Hidden(e.Name),
	}
	if e.Born != 0 {
		w.CreatedAt = time.Unix(0, e.Born).UTC()
	}
	return w
}
