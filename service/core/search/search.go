// Package search finds entries by name. Service.Register binds the operation.
//
// A search goes once through the table of entries, on a connection of its own,
// and compares every name: 200,000 take some 100 ms, need no second index that
// must be kept right, and any text is a valid query.
package search

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/zeebo/blake3"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/core/cursor"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/core/library"
	"github.com/spacedrive-go/spacedrive/service/core/location"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// Register binds search.files.
func Register(r *registry.Registry, m *library.Manager) {
	library.Bind(r, m, api.SearchFiles, files)
}

// after is where a page ends, in a cursor.
type after struct {
	ID    int64   `json:"i"`
	Score float64 `json:"s,omitzero"`
	Value int64   `json:"v,omitzero"`
	Fold  []byte  `json:"n"`
}

func files(ctx context.Context, lib *library.Library, in api.SearchInput) (out api.SearchResult, err error) {
	start := time.Now()
	filter, err := filterOf(&in.Filters)
	if err != nil {
		return out, err
	}
	extensions, err := extensionsOf(&in.Filters)
	if err != nil {
		return out, err
	}
	filter.Hidden = in.Filters.IncludeHidden
	list := "search " + fingerprint(in)
	last, paged, err := cursor.Decode[after](list, in.Cursor)
	if err != nil {
		return out, err
	}
	s := &search{
		pattern: newPattern(in.Query), filter: filter, extensions: extensions, hidden: in.Filters.IncludeHidden,
		top: top{order: order{by: in.Sort, desc: in.Direction == "desc"}, n: in.Limit + 1},
	}
	if paged {
		s.after = &candidate{id: last.ID, score: last.Score, value: last.Value, fold: string(last.Fold)}
	}
	out.Hits = []api.Hit{}
	err = lib.DB.Read(ctx, func(conn *sqlite.Conn) error {
		locations, err := location.All(conn)
		if err != nil {
			return err
		}
		if err := s.narrow(conn, locations, &in); err != nil {
			return err
		}
		if len(s.locations) == 0 {
			return nil
		}
		if err := s.scan(conn); err != nil {
			return err
		}
		best := s.top.sorted()
		out.Hits, err = s.hits(conn, lib.Index.IDs(), best[:min(len(best), in.Limit)], registry.PageBytes(ctx))
		if n := len(out.Hits); n > 0 && n < len(best) {
			end := best[n-1]
			out.NextCursor = cursor.Encode(list, after{end.id, end.score, end.value, []byte(end.fold)})
		}
		return err
	})
	out.Total = s.total
	out.TookMS = time.Since(start).Milliseconds()
	return out, err
}

// fingerprint tells searches apart: a cursor is of use only for the one that
// it came from.
func fingerprint(in api.SearchInput) string {
	in.Page = api.Page{}
	text, err := json.Marshal(in, json.Deterministic(true))
	if err != nil {
		panic("search: " + err.Error()) // what was decoded encodes
	}
	sum := blake3.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// A search is one pass through the entries.
type search struct {
	pattern    pattern
	filter     entries.Filter
	extensions []string // folded, with the dot
	hidden     bool     // hidden entries are hits too
	top        top
	after      *candidate
	tree       entries.Tree
	locations  map[int64]protocol.ID // that are searched, by the numbers of their roots
	below      int64                 // the folder that a hit must be in; 0 for any
	total      int64
}

// filterOf turns the filters that are compared row by row into entries' form,
// and checks them.
func filterOf(f *api.SearchFilters) (out entries.Filter, err error) {
	for i, word := range f.Kinds {
		k, ok := entries.ParseKind(word)
		if !ok {
			return out, unknownKind(i, word)
		}
		out.Kinds = append(out.Kinds, k)
	}
	if f.Size != (api.SizeRange{}) {
		size := entries.Range{From: f.Size.Min, To: math.MaxInt64}
		if f.Size.Max != nil {
			size.To = *f.Size.Max
		}
		if size.From < 0 || size.To < size.From {
			return out, protocol.Invalid("filters.size", "min and max must not be negative, nor max less than min")
		}
		out.Size = &size
	}
	if out.Modified, err = span("filters.modified", f.Modified); err != nil {
		return out, err
	}
	out.Born, err = span("filters.created", f.Created)
	return out, err
}

func span(field string, t api.TimeRange) (*entries.Range, error) {
	if t == (api.TimeRange{}) {
		return nil, nil
	}
	r := entries.Range{From: math.MinInt64, To: math.MaxInt64}
	if !t.From.IsZero() {
		r.From = store.Nanoseconds(t.From)
	}
	if !t.To.IsZero() {
		if t.To.Before(t.From) {
			return nil, protocol.Invalid(field, "to is before from")
		}
		r.To = store.Nanoseconds(t.To) - 1
	}
	return &r, nil
}

// extensionsOf folds the extensions that a name may have.
func extensionsOf(f *api.SearchFilters) (all []string, err error) {
	for i, ext := range f.Extensions {
		ext = strings.TrimPrefix(ext, ".")
		if ext == "" || strings.Contains(ext, "/") {
			return nil, protocol.Invalid("filters.extensions."+itoa(i), "%q is no extension", ext)
		}
		all = append(all, "."+string(appendFold(nil, []byte(ext), nil)))
	}
	return all, nil
}

func unknownKind(i int, word string) error {
	err := protocol.Invalid("filters.kinds."+itoa(i), "no kind %q", word)
	names := entries.KindNames()
	if near := protocol.Nearest(word, names); near != "" {
		return err.WithHint("did you mean %q? The kinds are %s", near, strings.Join(names, ", "))
	}
	return err.WithHint("one of %s", strings.Join(names, ", "))
}

// value is what a sort compares, 0 where that is not a number.
func (o order) value(r *entries.Row) int64 {
	switch o.by {
	case "size":
		return r.Size
	case "modified":
		return r.Modified
	case "created":
		return r.Born
	}
	return 0
}

// scan compares every entry.
func (s *search) scan(conn *sqlite.Conn) error {
	var folded []byte
	var score float64
	match := func(name []byte) bool {
		folded = appendFoldFast(folded[:0], name)
		score = s.pattern.score(folded)
		return score != 0 && s.extensionFits(folded)
	}
	return entries.Scan(conn, &s.filter, match, func(r *entries.Row) error {
		fits, err := s.isInScope(conn, r)
		if err != nil || !fits {
			return err
		}
		s.total++
		c := candidate{id: r.ID, score: score, value: s.top.value(r)}
		if s.after != nil {
			c.fold = string(folded)
			if s.top.compare(&c, s.after) <= 0 {
				return nil
			}
		}
		s.top.offer(c, folded)
		return nil
	})
}

// isInScope reports whether an entry is in a folder that is searched.
func (s *search) isInScope(conn *sqlite.Conn, r *entries.Row) (bool, error) {
	in, err := s.tree.Folder(conn, r.Parent)
	if errors.Is(err, entries.ErrGone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if in.Hidden && !s.hidden {
		return false, nil
	}
	if _, ok := s.locations[in.Root]; !ok {
		return false, nil
	}
	if s.below == 0 {
		return true, nil
	}
	return s.tree.Below(conn, r.Parent, s.below)
}

func (s *search) extensionFits(folded []byte) bool {
	if len(s.extensions) == 0 {
		return true
	}
	for _, ext := range s.extensions {
		if len(folded) > len(ext) && string(folded[len(folded)-len(ext):]) == ext {
			return true
		}
	}
	return false
}

// Sizes of the parts of a hit in JSON, in bytes, but for its names.
const (
	hitSize       = 512
	highlightSize = 32
)

// hits returns the first of the candidates, as many as fit in so many bytes of
// JSON but at least one, with all that is shown of them. It looks them up by
// id, the order that they have on disk.
func (s *search) hits(conn *sqlite.Conn, ids entries.IDSpace, best []candidate, room int) ([]api.Hit, error) {
	places := make([]int, len(best))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return cmp.Compare(best[a].id, best[b].id) })
	hits, parents, sizes := make([]api.Hit, len(best)), make([]int64, len(best)), make([]int, len(best))
	total := 0
	for _, i := range places {
		e, ok, err := entries.Get(conn, best[i].id)
		if err == nil && !ok {
			err = entries.ErrGone // which cannot be: one read sees one state
		}
		if err != nil {
			return nil, err
		}
		in, err := s.tree.Folder(conn, e.Parent)
		if err != nil {
			return nil, err
		}
		hits[i] = api.Hit{
			Entry: location.Wire(ids, &e, in, s.locations[in.Root]), Score: best[i].score, Highlights: s.pattern.highlights([]byte(e.Name)),
		}
		parents[i] = e.Parent
		sizes[i] = hitSize + 2*in.PathSize + 3*entries.JSONSize(e.Name) + highlightSize*len(hits[i].Highlights)
		if total += sizes[i]; total <= room {
			if err := s.setPath(conn, parents[i], &hits[i]); err != nil {
				return nil, err
			}
		}
	}
	if total <= room {
		return hits, nil
	}
	// They do not all fit. Some of those that do have no path yet.
	n := 1
	for left := room - sizes[0]; n < len(hits) && left >= sizes[n]; n++ {
		left -= sizes[n]
	}
	hits = slices.Clone(hits[:n])
	for i := range hits {
		if err := s.setPath(conn, parents[i], &hits[i]); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// setPath sets the path of a hit that has its name.
func (s *search) setPath(conn *sqlite.Conn, parent int64, h *api.Hit) error {
	if h.Path != "" {
		return nil
	}
	folder, err := s.tree.Path(conn, parent)
	if err != nil {
		return err
	}
	name := h.Entry.Name
	h.Path = api.Path(entries.Join(folder, string(name)))
	h.Entry.Path, h.Entry.Name = h.Path, h.Path[len(h.Path)-len(name):] // which share memory
	return nil
}
