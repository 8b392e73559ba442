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
	"github.com/spacedrive-go/spacedrive/service/core/entry"
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
	where, err := conditions(&in)
	if err != nil {
		return out, err
	}
	list := "search " + fingerprint(in)
	last, paged, err := cursor.Decode[after](list, in.Cursor)
	if err != nil {
		return out, err
	}
	s := &search{
		pattern: newPattern(in.Query), where: where,
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
		out.Hits, err = s.hits(conn, lib.ID, best[:min(len(best), in.Limit)], registry.PageBytes(ctx))
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
	pattern   pattern
	where     condition
	top       top
	after     *candidate
	locations map[int64]protocol.ID // that are searched, by row
	below     map[int64]bool        // folders that a hit must be in; nil for any
	total     int64
}

// A condition is what a search asks for in SQL.
type condition struct {
	sql        string
	args       []any
	extensions []string // folded, with the dot
}

// conditions turns the filters into SQL, and checks them.
func conditions(in *api.SearchInput) (c condition, err error) {
	f := &in.Filters
	and := func(sql string, args ...any) {
		c.sql += " AND " + sql
		c.args = append(c.args, args...)
	}
	if !f.IncludeHidden {
		and("flags & 1 = 0")
	}
	if len(f.Kinds) > 0 {
		var list []string
		for i, word := range f.Kinds {
			k, ok := entry.ParseKind(word)
			if !ok {
				return c, unknownKind(i, word)
			}
			list = append(list, "?")
			c.args = append(c.args, int64(k))
		}
		c.sql += " AND kind IN (" + strings.Join(list, ", ") + ")"
	}
	if f.Size != (api.SizeRange{}) {
		most := int64(math.MaxInt64)
		if f.Size.Max != nil {
			most = *f.Size.Max
		}
		if f.Size.Min < 0 || most < f.Size.Min {
			return c, protocol.Invalid("filters.size", "min and max must not be negative, nor max less than min")
		}
		and("kind >= 4 AND size BETWEEN ? AND ?", f.Size.Min, most)
	}
	for _, span := range []struct {
		field, column string
		api.TimeRange
	}{{"filters.modified", "mtime", f.Modified}, {"filters.created", "btime", f.Created}} {
		if !span.From.IsZero() && !span.To.IsZero() && span.To.Before(span.From) {
			return c, protocol.Invalid(span.field, "to is before from")
		}
		if !span.From.IsZero() {
			and(span.column+" >= ?", span.From)
		}
		if !span.To.IsZero() {
			and(span.column+" < ?", span.To)
		}
		if span.column == "btime" && span.TimeRange != (api.TimeRange{}) {
			and("btime <> 0")
		}
	}
	for i, ext := range f.Extensions {
		ext = strings.TrimPrefix(ext, ".")
		if ext == "" || strings.Contains(ext, "/") {
			return c, protocol.Invalid("filters.extensions."+itoa(i), "%q is no extension", ext)
		}
		c.extensions = append(c.extensions, "."+string(appendFold(nil, []byte(ext), nil)))
	}
	return c, nil
}

func unknownKind(i int, word string) error {
	err := protocol.Invalid("filters.kinds."+itoa(i), "no kind %q", word)
	names := entry.KindNames()
	if near := registry.Nearest(word, names); near != "" {
		return err.WithHint("did you mean %q? The kinds are %s", near, strings.Join(names, ", "))
	}
	return err.WithHint("one of %s", strings.Join(names, ", "))
}

// column is what a sort compares, 0 where that is not a number.
func (o order) column() string {
	switch o.by {
	case "size":
		return "size"
	case "modified":
		return "mtime"
	case "created":
		return "btime"
	}
	return "0"
}

// scan compares every entry.
func (s *search) scan(conn *sqlite.Conn) error {
	query := "SELECT id, name, location, parent, " + s.top.column() + " FROM entry WHERE parent <> 0" + s.where.sql
	name := make([]byte, 1024)
	var folded []byte
	return store.Each(conn, query, func(st *sqlite.Stmt) error {
		if n := st.ColumnLen(1); n > len(name) {
			name = make([]byte, n)
		}
		n := st.ColumnBytes(1, name)
		folded = appendFoldFast(folded[:0], name[:n])
		score := s.pattern.score(folded)
		if score == 0 || !s.extensionFits(folded) {
			return nil
		}
		if _, ok := s.locations[st.ColumnInt64(2)]; !ok {
			return nil
		}
		if s.below != nil && !s.below[st.ColumnInt64(3)] {
			return nil
		}
		s.total++
		c := candidate{id: st.ColumnInt64(0), score: score, value: st.ColumnInt64(4)}
		if s.after != nil {
			c.fold = string(folded)
			if s.top.compare(&c, s.after) <= 0 {
				return nil
			}
		}
		s.top.offer(c, folded)
		return nil
	}, s.where.args...)
}

func (s *search) extensionFits(folded []byte) bool {
	if len(s.where.extensions) == 0 {
		return true
	}
	for _, ext := range s.where.extensions {
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
func (s *search) hits(conn *sqlite.Conn, library protocol.ID, best []candidate, room int) ([]api.Hit, error) {
	places := make([]int, len(best))
	for i := range places {
		places[i] = i
	}
	slices.SortFunc(places, func(a, b int) int { return cmp.Compare(best[a].id, best[b].id) })
	hits, parents, sizes := make([]api.Hit, len(best)), make([]int64, len(best)), make([]int, len(best))
	total := 0
	var paths entry.Paths
	for _, i := range places {
		c, h := best[i], &hits[i]
		err := store.Each(conn, "SELECT parent, location, name, kind, flags, size, mtime, btime FROM entry WHERE id = ?", func(st *sqlite.Stmt) error {
			name := store.Bytes(st, 2)
			h.Entry = api.Entry{
				ID: entry.ID(library, c.id), Name: api.Path(name), Kind: entry.Kind(st.ColumnInt64(3)).String(),
				Size: st.ColumnInt64(5), ModifiedAt: store.Time(st, 6), LocationID: s.locations[st.ColumnInt64(1)],
				Hidden: st.ColumnInt64(4)&entry.Hidden != 0,
			}
			if st.ColumnInt64(7) != 0 {
				h.Entry.CreatedAt = store.Time(st, 7)
			}
			h.Score, h.Highlights = c.score, s.pattern.highlights(name)
			parents[i] = st.ColumnInt64(0)
			folder, err := paths.Size(conn, parents[i])
			sizes[i] = hitSize + 2*folder + 3*entry.JSONSize(string(h.Entry.Name)) + highlightSize*len(h.Highlights)
			if total += sizes[i]; err != nil || total > room {
				return err
			}
			return setPath(conn, &paths, parents[i], h)
		}, c.id)
		if err != nil {
			return nil, err
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
		if err := setPath(conn, &paths, parents[i], &hits[i]); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// setPath sets the path of a hit that has its name.
func setPath(conn *sqlite.Conn, paths *entry.Paths, parent int64, h *api.Hit) error {
	if h.Path != "" {
		return nil
	}
	folder, err := paths.Folder(conn, parent)
	if err != nil {
		return err
	}
	name := h.Entry.Name
	h.Path = api.Path(entry.Join(folder, string(name)))
	h.Entry.Path, h.Entry.Name = h.Path, h.Path[len(h.Path)-len(name):] // which share memory
	return nil
}
