package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client/filter"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

var _ = register[searchCmd]("search", groupIndex)

type searchCmd struct {
	Query    []string `arg:"" optional:"" help:"Words that the name must hold, in any order (default: any name)."`
	Ext      []string `help:"Only files with this extension; may be repeated." placeholder:"EXT"`
	Kind     []string `help:"Only entries of this kind, such as image or folder; may be repeated." placeholder:"KIND" complete:"kinds"`
	Size     ranges   `help:"+10M: 10 MiB or more; -500k: 500 KiB or less; may be repeated." placeholder:"[+-]N[kMGT]"`
	Modified ranges   `help:"7d: within the last 7 days; +2w: longer ago; 2026-01-31: since that day; may be repeated." placeholder:"[+-]TIME"`
	In       string   `help:"Only in this location: path, name or id." placeholder:"LOCATION" complete:"locations,dir"`
	Under    string   `help:"Only below this folder." placeholder:"PATH" complete:"dir"`
	Sort     string   `help:"Order: ${enum} (default: relevance)." enum:"relevance, name, size, modified, created" default:"relevance" placeholder:"ORDER"`
	Limit    int      `help:"At most so many (default: 100 on a terminal, else all)." placeholder:"N"`
	Hidden   bool     `help:"Also hidden files, and what is in hidden folders."`
	Null     bool     `short:"0" name:"null" help:"End each path with a NUL instead of a newline."`
}

// ranges is a flag's values, which may begin with a dash.
type ranges []string

// Decode takes the next word as a value, whatever it begins with.
func (r *ranges) Decode(ctx *kong.DecodeContext) error {
	token := ctx.Scan.Pop()
	if token.IsEOL() {
		return fmt.Errorf("a value is missing")
	}
	*r = append(*r, token.String())
	return nil
}

// shownOnTerminal is how many hits a terminal shows without --limit.
const shownOnTerminal = 100

func (c *searchCmd) Run(a *app) error {
	in, err := c.input(a)
	if err != nil {
		return err
	}
	table := a.term.outTTY && !c.Null && !a.cli.JSON
	limit := c.Limit
	if limit == 0 && table {
		limit = shownOnTerminal
	}
	if a.cli.JSON || table {
		return c.whole(a, in, limit, table)
	}
	end := byte('\n')
	if c.Null {
		end = 0
	}
	_, err = a.search(in, limit, func(h api.Hit) {
		a.term.out.WriteString(string(h.Path))
		a.term.out.WriteByte(end)
	})
	return err
}

// whole prints all hits at the end: as a document, or as a table.
func (c *searchCmd) whole(a *app, in api.SearchInput, limit int, table bool) error {
	all := api.SearchResult{Hits: []api.Hit{}}
	last, err := a.search(in, limit, func(h api.Hit) { all.Hits = append(all.Hits, h) })
	if err != nil {
		return err
	}
	all.Total, all.TookMS, all.NextCursor = last.Total, last.TookMS, last.NextCursor
	if !table {
		return a.term.printJSON(all)
	}
	a.printHits(all.Hits)
	switch more := all.Total - int64(len(all.Hits)); {
	case all.Total == 0:
		a.term.note("Nothing found.%s", only(strings.ContainsAny(in.Query, "*?"), " A * or ? is looked for as it stands: leave it out, or use --ext."))
	case more > 0:
		a.term.note("%s of %s; --limit shows more", human.Count(int64(len(all.Hits))), human.Plural(all.Total, "hit", "hits"))
	default:
		a.term.note("%s", human.Plural(all.Total, "hit", "hits"))
	}
	return nil
}

// narrows reports whether a flag says what to search for.
func (c *searchCmd) narrows() bool {
	return len(c.Ext)+len(c.Kind)+len(c.Size)+len(c.Modified) > 0 || c.In != "" || c.Under != ""
}

func (c *searchCmd) input(a *app) (api.SearchInput, error) {
	in := api.SearchInput{Query: strings.Join(c.Query, " "), Sort: c.Sort}
	in.Filters.Kinds = c.Kind
	in.Filters.IncludeHidden = c.Hidden
	for _, e := range c.Ext {
		in.Filters.Extensions = append(in.Filters.Extensions, strings.TrimPrefix(e, "."))
	}
	for _, s := range c.Size {
		if err := filter.Size(&in.Filters.Size, s); err != nil {
			return in, usage("--size: %w", err)
		}
	}
	now := time.Now()
	for _, s := range c.Modified {
		if err := filter.Time(&in.Filters.Modified, s, now); err != nil {
			return in, usage("--modified: %w", err)
		}
	}
	switch {
	case len(c.Query) == 0 && !c.narrows():
		return in, usage("say what to search for: a word, or a filter such as --kind image")
	case c.Limit < 0:
		return in, usage("--limit: %d is not a number of hits", c.Limit)
	case c.In != "" && c.Under != "":
		return in, usage("--in and --under exclude each other; --under narrows to a part of a location")
	}
	if c.In != "" {
		l, err := a.findLocation(c.In)
		if err != nil {
			return in, err
		}
		in.Scope.LocationID = l.ID
	}
	if c.Under != "" {
		abs, err := filepath.Abs(c.Under)
		if err != nil {
			return in, err
		}
		in.Scope.Path = protocol.Path(abs)
	}
	return in, nil
}

// search calls show for the first limit hits, 0 for all, page by page. It returns
// the last page.
func (a *app) search(in api.SearchInput, limit int, show func(api.Hit)) (api.SearchResult, error) {
	for left := limit; ; {
		in.Limit = api.MaxLimit
		if limit > 0 {
			in.Limit = min(left, api.MaxLimit)
		}
		page, err := invoke(a, api.SearchFiles, in)
		if err != nil {
			return page, badFlag(err, "filters.kinds", "--kind")
		}
		for _, h := range page.Hits {
			show(h)
		}
		left -= len(page.Hits)
		if page.NextCursor == "" || limit > 0 && left <= 0 {
			return page, nil
		}
		in.Cursor = page.NextCursor
	}
}

func (a *app) printHits(hits []api.Hit) {
	t := newTable(">SIZE", "MODIFIED", "KIND", "PATH")
	for _, h := range hits {
		size := human.Size(h.Entry.Size)
		if h.Entry.Kind == "folder" {
			size = "-"
		}
		t.add(size, human.Time(h.Entry.ModifiedAt), h.Entry.Kind, a.path(h.Path))
	}
	if a.term.color {
		for i, h := range hits {
			t.rows[i][3] = marked(t.rows[i][3], h)
		}
	}
	t.print(a.term)
}

// marked makes what matches in the name bold, in a path that ends with the name. It
// does not change a name that was written with escapes, since the offsets are those
// of the name without them.
func marked(path string, h api.Hit) string {
	name := string(h.Entry.Name)
	if !strings.HasSuffix(path, name) || len(h.Highlights) == 0 {
		return path
	}
	var b bytes.Buffer
	b.WriteString(path[:len(path)-len(name)])
	at := 0
	for _, m := range h.Highlights {
		if m.Start < at || m.End < m.Start || m.End > len(name) {
			return path
		}
		b.WriteString(name[at:m.Start] + paint(true, bold, name[m.Start:m.End]))
		at = m.End
	}
	b.WriteString(name[at:])
	return b.String()
}
