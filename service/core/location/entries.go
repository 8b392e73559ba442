package location

import (
	"context"
	"errors"
	"path"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
)

// entriesInfo answers entries.info.
func (s *Service) entriesInfo(ctx context.Context, lib *library.Library, in api.EntriesInfoInput) (out api.EntriesInfoOutput, err error) {
	ids := lib.Index.IDs()
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		locations, err := All(conn)
		if err != nil {
			return err
		}
		byRoot := make(map[int64]protocol.ID)
		for _, l := range locations {
			byRoot[l.Root] = l.ID
		}
		out.Entries = make([]*api.EntryInfo, 0, len(in.IDs)+len(in.Paths))
		var tree entries.Tree
		bytes := registry.MaxPageBytes
		add := func(e entries.Entry, found bool, err error) error {
			var info *api.EntryInfo
			if err == nil && found {
				info, err = describe(conn, &tree, ids, byRoot, &e)
			}
			if info != nil {
				if bytes -= len(info.Path) + len(info.Name); bytes < 0 {
					return protocol.Errorf(protocol.Validation, "the paths of these entries are too long for one answer").
						WithHint("ask for fewer at a time")
				}
			}
			out.Entries = append(out.Entries, info)
			return err
		}
		for _, id := range in.IDs {
			number, ok := ids.Number(id)
			e, found, err := entries.Get(conn, number)
			if err := add(e, ok && found, err); err != nil {
				return err
			}
		}
		for _, p := range in.Paths {
			p := path.Clean(string(p))
			above := Above(locations, p)
			if above == nil {
				out.Entries = append(out.Entries, nil)
				continue
			}
			if err := add(entries.Lookup(conn, above.Path, p)); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// describe returns an entry as operations show it, or nil where it is in a
// folder that has been deleted.
func describe(conn *sqlite.Conn, tree *entries.Tree, ids entries.IDSpace, byRoot map[int64]protocol.ID, e *entries.Entry) (*api.EntryInfo, error) {
	folder := e.Parent
	if folder == 0 {
		folder = e.ID // the root of a location
	}
	in, err := tree.Folder(conn, folder)
	if errors.Is(err, entries.ErrGone) || err == nil && entries.Displaced(e.Name) && e.Parent != 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at, err := tree.PlaceOf(conn, e)
	if err != nil {
		return nil, err
	}
	info := &api.EntryInfo{Entry: Wire(ids, e, in, byRoot[in.Root])}
	info.Path = api.Path(at.String())
	if e.Parent == 0 {
		info.Name = api.Path(path.Base(e.Name))
	}
	if e.Kind == entries.Folder {
		total, err := entries.Total(conn, e.ID)
		if err != nil {
			return nil, err
		}
		info.Total = &api.EntryTotal{Disk: total.Disk, Kinds: total.ByKind()}
		info.Total.Files, info.Total.Folders, info.Total.Bytes = total.Count()
	}
	return info, nil
}
