package core_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// searchable returns a client of a library that has the named files, and
// their folder.
func searchable(t testing.TB, names ...string) (client, string, api.Location) {
	t.Helper()
	root := tree(t, t.TempDir(), names...)
	c := start(t).newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)
	return c, root, loc
}

// below returns paths relative to root.
func below(root string, paths []string) string {
	for i := range paths {
		paths[i] = strings.TrimPrefix(paths[i], root+"/")
	}
	return strings.Join(paths, " | ")
}

func TestSearchByName(t *testing.T) {
	c, root, _ := searchable(t,
		"report.pdf", "Report final.pdf", "my-report.pdf", "unreported.txt", "Annual Report (2024).docx",
		"Café Münster.txt", "cafe\u0301.jpg", "straße.txt", "ŁÓDŹ.txt", "日本語のファイル.txt", "Привет мир.doc", "ﬁle.txt",
		"it's.txt", "a.b-c(d).e", "100%_done.txt", "new\nline.txt", "bad\xffname.mp3", "folder one/x", "IMG_0042.jpg", "img42.png")
	for _, tt := range []struct{ query, want string }{
		{"report", "report.pdf | Report final.pdf | my-report.pdf | Annual Report (2024).docx | unreported.txt"},
		{"REPORT.PDF", "report.pdf | my-report.pdf"},
		{"report annual", "Annual Report (2024).docx"},
		{"  final   report ", "Report final.pdf"},
		{"(2024)", "Annual Report (2024).docx"},
		{"cafe", "café.jpg | Café Münster.txt"},
		{"CAFÉ", "café.jpg | Café Münster.txt"},
		{"munster", "Café Münster.txt"},
		{"strasse", "straße.txt"},
		{"STRAẞE", "straße.txt"},
		{"łódź", "ŁÓDŹ.txt"},
		{"ファイル", "日本語のファイル.txt"},
		{"ПРИВЕТ", "Привет мир.doc"},
		{"file", "ﬁle.txt"},
		{"it's", "it's.txt"},
		{"b-c(", "a.b-c(d).e"},
		{"'", "it's.txt"},
		{"%_", "100%_done.txt"},
		{"\"", ""},
		{"new line", "new\nline.txt"},
		{"bad name", "bad\xffname.mp3"},
		{"folder", "folder one"},
		{"0042", "IMG_0042.jpg"},
		{"42", "img42.png | IMG_0042.jpg"},
		{"nothing like it", ""},
		{"x", "x"},
	} {
		want := tt.want
		if tt.query == "x" {
			// Whatever holds an x, the exact name first.
			if got := find(c, api.SearchInput{Query: "x"}); below(root, got[:1]) != "folder one/x" {
				t.Errorf("x: %q", got)
			}
			continue
		}
		want = strings.ReplaceAll(want, "café.jpg", "cafe\u0301.jpg")
		if got := below(root, find(c, api.SearchInput{Query: tt.query})); got != want {
			t.Errorf("%q finds %q, want %q", tt.query, got, want)
		}
	}
}

func TestSearchHitsAreComplete(t *testing.T) {
	c, root, loc := searchable(t, "docs/Übergrößen über.txt")
	c.enc = protocol.CBOR
	out := call(c, api.SearchFiles, api.SearchInput{Query: "grossen UBER"})
	if out.Total != 1 || len(out.Hits) != 1 || out.NextCursor != "" {
		t.Fatalf("%+v", out)
	}
	hit := out.Hits[0]
	name := "Übergrößen über.txt"
	if e := hit.Entry; string(e.Path) != filepath.Join(root, "docs", name) || hit.Path != e.Path || string(e.Name) != name || e.Kind != "text" ||
		e.Size != int64(len("docs/"+name)) || e.LocationID != loc.ID || time.Since(e.ModifiedAt) > time.Hour || e.CreatedAt.IsZero() || e.ID == (protocol.ID{}) {
		t.Errorf("%+v", e)
	}
	for query, want := range map[string]string{
		"grossen UBER": "Übergrößen|über",
		"gros":         "größ", // a character that folds to two is marked whole
		"txt rgro":     "rgrö|txt",
		"":             "",
	} {
		var marked []string
		for _, h := range call(c, api.SearchFiles, api.SearchInput{Query: query, Filters: api.SearchFilters{Kinds: []string{"text"}}}).Hits[0].Highlights {
			marked = append(marked, name[h.Start:h.End])
		}
		if got := strings.Join(marked, "|"); got != want {
			t.Errorf("%q marks %q, want %q", query, got, want)
		}
	}
	if hit.Score <= 0 || hit.Score >= 1 {
		t.Errorf("score %v", hit.Score)
	}
	if exact := call(c, api.SearchFiles, api.SearchInput{Query: "DOCS"}).Hits[0]; exact.Score != 1 || exact.Entry.Kind != "folder" {
		t.Errorf("%+v", exact)
	}
}

func TestSearchFilters(t *testing.T) {
	c, root, loc := searchable(t, "a.jpg", "b.JPG", "c.txt", "big.txt", "old.txt", "arch.tar.gz", ".secret/in.txt", ".dot", "sub/deep/z.txt", "sub/y.txt", "subway/w.txt")
	must(t, os.WriteFile(filepath.Join(root, "big.txt"), make([]byte, 5000), 0o644))
	old := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	must(t, os.Chtimes(filepath.Join(root, "old.txt"), old, old))
	rescan(c, loc.ID, false)
	for _, tt := range []struct {
		name string
		in   api.SearchInput
		want string
	}{
		{"all but hidden", api.SearchInput{Sort: "name"}, "a.jpg | arch.tar.gz | b.JPG | big.txt | c.txt | sub/deep | old.txt | sub | subway | subway/w.txt | sub/y.txt | sub/deep/z.txt"},
		{"hidden too", api.SearchInput{Query: "in.txt", Filters: api.SearchFilters{IncludeHidden: true}}, ".secret/in.txt"},
		{"not hidden", api.SearchInput{Query: "in.txt"}, ""},
		{"kind", api.SearchInput{Sort: "name", Filters: api.SearchFilters{Kinds: []string{"image", "archive"}}}, "a.jpg | arch.tar.gz | b.JPG"},
		{"folders", api.SearchInput{Sort: "name", Filters: api.SearchFilters{Kinds: []string{"folder"}}}, "sub/deep | sub | subway"},
		{"extension", api.SearchInput{Sort: "name", Filters: api.SearchFilters{Extensions: []string{"JPG"}}}, "a.jpg | b.JPG"},
		{"extension with a dot", api.SearchInput{Filters: api.SearchFilters{Extensions: []string{".tar.gz"}}}, "arch.tar.gz"},
		{"size", api.SearchInput{Filters: api.SearchFilters{Size: api.SizeRange{Min: 5000}}}, "big.txt"},
		{"size up to", api.SearchInput{Sort: "name", Filters: api.SearchFilters{Size: api.SizeRange{Min: 6, Max: new(int64(9))}}}, "old.txt | sub/y.txt"},
		{"modified", api.SearchInput{Filters: api.SearchFilters{Modified: api.TimeRange{From: old, To: old.Add(1)}}}, "old.txt"},
		{"modified, end not included", api.SearchInput{Filters: api.SearchFilters{Modified: api.TimeRange{To: old}}}, ""},
		{"created", api.SearchInput{Query: "a.jpg", Filters: api.SearchFilters{Created: api.TimeRange{From: time.Now().Add(-time.Hour)}}}, "a.jpg"},
		{"created long ago", api.SearchInput{Filters: api.SearchFilters{Created: api.TimeRange{To: old}}}, ""},
		{"times beyond the index's", api.SearchInput{Query: "a.jpg", Filters: api.SearchFilters{Modified: api.TimeRange{From: time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}}}, "a.jpg"},
		{"location", api.SearchInput{Query: "a.jpg", Filters: api.SearchFilters{Locations: []api.ID{loc.ID}}}, "a.jpg"},
		{"scope: location", api.SearchInput{Query: "a.jpg", Scope: api.SearchScope{LocationID: loc.ID}}, "a.jpg"},
		{"scope: a folder", api.SearchInput{Sort: "name", Scope: api.SearchScope{Path: api.Path(root + "/sub")}}, "sub/deep | sub/y.txt | sub/deep/z.txt"},
		{"scope: a folder, written otherwise", api.SearchInput{Query: "z", Scope: api.SearchScope{Path: api.Path(root + "/./sub//deep/")}}, "sub/deep/z.txt"},
		{"scope: the location's path", api.SearchInput{Query: "a.jpg", Scope: api.SearchScope{Path: api.Path(root)}}, "a.jpg"},
		{"scope: a path above", api.SearchInput{Query: "a.jpg", Scope: api.SearchScope{Path: "/"}}, "a.jpg"},
		{"by size", api.SearchInput{Query: "txt", Sort: "size", Page: api.Page{Limit: 1}}, "big.txt"},
		{"by size, smallest", api.SearchInput{Query: "txt", Sort: "size", Direction: "asc", Page: api.Page{Limit: 1}}, "c.txt"},
		{"by time, oldest", api.SearchInput{Sort: "modified", Direction: "asc", Page: api.Page{Limit: 1}}, "old.txt"},
		{"by name, last", api.SearchInput{Sort: "name", Direction: "desc", Page: api.Page{Limit: 2}}, "sub/deep/z.txt | sub/y.txt"},
	} {
		if got := below(root, find(c, tt.in)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestSearchRefuses(t *testing.T) {
	c, root, loc := searchable(t, "a.txt", "b.txt")
	cursor := call(c, api.SearchFiles, api.SearchInput{Query: "txt", Page: api.Page{Limit: 1}}).NextCursor
	for _, tt := range []struct {
		name  string
		in    api.SearchInput
		code  protocol.Code
		field string
	}{
		{"an unknown kind", api.SearchInput{Filters: api.SearchFilters{Kinds: []string{"image", "imaeg"}}}, protocol.Validation, "filters.kinds.1"},
		{"an empty extension", api.SearchInput{Filters: api.SearchFilters{Extensions: []string{"."}}}, protocol.Validation, "filters.extensions.0"},
		{"a size upside down", api.SearchInput{Filters: api.SearchFilters{Size: api.SizeRange{Min: 2, Max: new(int64(1))}}}, protocol.Validation, "filters.size"},
		{"a time upside down", api.SearchInput{Filters: api.SearchFilters{Created: api.TimeRange{From: time.Now(), To: time.Unix(0, 0)}}}, protocol.Validation, "filters.created"},
		{"two scopes", api.SearchInput{Scope: api.SearchScope{LocationID: loc.ID, Path: "/"}}, protocol.Validation, "scope"},
		{"a relative scope", api.SearchInput{Scope: api.SearchScope{Path: "x"}}, protocol.Validation, "scope.path"},
		{"a scope that is not indexed", api.SearchInput{Scope: api.SearchScope{Path: "/nowhere"}}, protocol.NotFound, "scope.path"},
		{"a scope that is a file", api.SearchInput{Scope: api.SearchScope{Path: api.Path(root + "/a.txt")}}, protocol.NotFound, "scope.path"},
		{"an unknown location", api.SearchInput{Scope: api.SearchScope{LocationID: protocol.NewID()}}, protocol.NotFound, "scope.location_id"},
		{"an unknown location to filter by", api.SearchInput{Filters: api.SearchFilters{Locations: []api.ID{protocol.NewID()}}}, protocol.NotFound, "filters.locations"},
		{"a cursor of nothing", api.SearchInput{Page: api.Page{Cursor: "%%%"}}, protocol.Validation, "cursor"},
		{"a cursor of another search", api.SearchInput{Query: "tx", Page: api.Page{Cursor: cursor}}, protocol.Validation, "cursor"},
		{"a cursor of another order", api.SearchInput{Query: "txt", Sort: "name", Page: api.Page{Cursor: cursor}}, protocol.Validation, "cursor"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := try(c, api.SearchFiles, tt.in)
			if wire := wantCode(t, err, tt.code); wire.Details["field"] != tt.field {
				t.Errorf("%v, details %v", wire, wire.Details)
			}
		})
	}
}

func TestSearchPages(t *testing.T) {
	names := append(numbered("d%d/report.txt", 30), numbered("report-%d.txt", 41)...)
	c, _, _ := searchable(t, append(names, numbered("other-%d", 50)...)...)
	for _, sort := range []string{"relevance", "name", "size", "modified", "created"} {
		for _, direction := range []string{"asc", "desc"} {
			in := api.SearchInput{Query: "report", Sort: sort, Direction: direction}
			all := find(c, in)
			if len(all) != 71 {
				t.Fatalf("%d found", len(all))
			}
			var paged []string
			in.Limit = 7
			for {
				out := call(c, api.SearchFiles, in)
				if out.Total != 71 {
					t.Fatalf("%s %s: total %d", sort, direction, out.Total)
				}
				for _, hit := range out.Hits {
					paged = append(paged, string(hit.Path))
				}
				if in.Cursor = out.NextCursor; in.Cursor == "" {
					break
				}
			}
			if !slices.Equal(paged, all) {
				t.Errorf("%s %s: the pages differ from the whole", sort, direction)
			}
		}
	}
}

// TestSearchPagesEndBeforeTheyOutgrowAFrame: paths that are far longer than
// PATH_MAX, and whose characters take several bytes each in JSON, make pages
// shorter than the limit, and no search builds more than its page.
func TestSearchPagesEndBeforeTheyOutgrowAFrame(t *testing.T) {
	for kind, letter := range map[string]string{"plain": "x", "escaped": "\x01", "not UTF-8": "\xff"} {
		t.Run(kind, func(t *testing.T) {
			const depth = 220
			root := t.TempDir()
			at, err := os.OpenRoot(root)
			must(t, err)
			for range depth {
				name := strings.Repeat(letter, 255)
				must(t, at.Mkdir(name, 0o755))
				below, err := at.OpenRoot(name)
				must(t, err)
				at.Close()
				at = below
			}
			at.Close()
			c := start(t).newLibrary("Home")
			add(c, root, api.Shallow)
			c.enc = protocol.CBOR // which decodes what was built without a copy of each escape
			found := make(map[api.ID]bool)
			in := api.SearchInput{Sort: "name", Page: api.Page{Limit: api.MaxLimit}}
			for {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				out := call(c, api.SearchFiles, in)
				runtime.ReadMemStats(&after)
				if built := after.TotalAlloc - before.TotalAlloc; built > 128<<20 {
					t.Errorf("the search has taken %d MiB of memory", built>>20)
				}
				for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
					if page, err := enc.Marshal(out); err != nil || len(page) > protocol.MaxFrame-1024 {
						t.Fatalf("a page of %d hits has %d bytes in %v, %v", len(out.Hits), len(page), enc, err)
					}
				}
				for _, hit := range out.Hits {
					found[hit.Entry.ID] = true
				}
				if in.Cursor = out.NextCursor; in.Cursor == "" {
					break
				}
			}
			if len(found) != depth {
				t.Errorf("%d of %d folders were found", len(found), depth)
			}
		})
	}
}

func TestRenameIsSearchableByTheNewNameOnly(t *testing.T) {
	c, root, loc := searchable(t, "before.txt")
	must(t, os.Rename(filepath.Join(root, "before.txt"), filepath.Join(root, "after.txt")))
	rescan(c, loc.ID, false)
	if got := find(c, api.SearchInput{Query: "before"}); len(got) != 0 {
		t.Errorf("found %q", got)
	}
	if got := find(c, api.SearchInput{Query: "after"}); len(got) != 1 {
		t.Errorf("found %q", got)
	}
}
