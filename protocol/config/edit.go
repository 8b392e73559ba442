package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A leaf is one key of a document with its value.
type leaf struct {
	name  string
	value any
}

// leaves returns the keys of a tree, dotted, in order.
func leaves(prefix string, tree map[string]any) []leaf {
	var all []leaf
	for name, value := range tree {
		if table, ok := value.(map[string]any); ok {
			all = append(all, leaves(prefix+name+".", table)...)
			continue
		}
		all = append(all, leaf{prefix + name, value})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	return all
}

// A place is where a key stands in a document.
type place struct {
	line       int // from 1
	start, end int // bytes of its value
}

// locate finds a dotted key outside of inline tables.
func locate(doc []byte, name string) (place, bool) {
	var p unstable.Parser
	p.Reset(doc)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.KeyValue && e.Kind != unstable.Table && e.Kind != unstable.ArrayTable {
			continue
		}
		var parts []string
		line := 0
		for it := e.Key(); it.Next(); {
			parts = append(parts, string(it.Node().Data))
			line = p.Shape(it.Node().Raw).Start.Line
		}
		if e.Kind != unstable.KeyValue {
			table = strings.Join(parts, ".") + "."
			continue
		}
		key := table + strings.Join(parts, ".")
		if key == name || e.Value().Kind == unstable.InlineTable && strings.HasPrefix(name, key+".") {
			raw := e.Value().Raw
			return place{line, int(raw.Offset), int(raw.Offset + raw.Length)}, true
		}
	}
	return place{}, false
}

func lineOf(doc []byte, name string) int {
	p, _ := locate(doc, name)
	return p.line
}

// SetLibrary makes library the default one of a place in the file at path, and
// leaves everything else in the file as it is. The place "" is the instance that
// the file names; the others, such as the name of another instance, have their
// keys in the table libraries. SetLibrary creates the file where it is missing.
// It replaces the file by renaming, so a reader sees the old or the new one.
func SetLibrary(path, place, library string) error {
	// A file that is kept elsewhere and linked here stays linked.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if _, err := Load(path); err != nil {
		return fmt.Errorf("the configuration is not changed: %w", err)
	}
	mode := fs.FileMode(0o600)
	doc, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		mode = info.Mode().Perm()
	}
	doc, err = withLibrary(doc, place, library)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return replace(path, doc, mode)
}

// withLibrary returns doc with the default library of a place set.
func withLibrary(doc []byte, place, library string) ([]byte, error) {
	key, line := "library", "library = "+quote(library)+"\n"
	at := firstTable(doc) // whose keys would swallow it
	if place != "" {
		key, line = libraries+place, quote(place)+" = "+quote(library)+"\n"
		if CheckInstanceName(place) == nil {
			line = place + " = " + quote(library) + "\n"
		}
		var ok bool
		if at, ok = afterHeader(doc, strings.TrimSuffix(libraries, ".")); !ok {
			line = "\n[libraries]\n" + line
		}
	}
	var out []byte
	if p, ok := locate(doc, key); ok {
		out = slices.Concat(doc[:p.start], []byte(quote(library)), doc[p.end:])
	} else {
		out = slices.Clone(doc[:at])
		if at > 0 && doc[at-1] != '\n' {
			out = append(out, '\n')
		}
		out = slices.Concat(out, []byte(line), doc[at:])
	}
	var check Config
	err := check.parse(out)
	if place == "" && check.Library != library || place != "" && check.Libraries[place] != library {
		err = errors.New("it reads back as another")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot set %s to %q here; write it into the file yourself", key, library)
	}
	return out, nil
}

// quote writes a text as TOML does. A control character, which no name of a
// library has, does not survive.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// firstTable returns the offset of the line of the first table's header, or
// the document's length.
func firstTable(doc []byte) int {
	for _, at := range headers(doc) {
		return bytes.LastIndexByte(doc[:at], '\n') + 1
	}
	return len(doc)
}

// afterHeader returns the offset of the line after the header of a table, or
// the document's length where there is no such table.
func afterHeader(doc []byte, table string) (int, bool) {
	for name, at := range headers(doc) {
		if end := bytes.IndexByte(doc[at:], '\n'); name == table && end >= 0 {
			return at + end + 1, true
		} else if name == table {
			return len(doc), true
		}
	}
	return len(doc), false
}

// headers yields the name of each table, dotted, and the offset of the name.
func headers(doc []byte) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		var p unstable.Parser
		p.Reset(doc)
		for p.NextExpression() {
			e := p.Expression()
			if e.Kind != unstable.Table && e.Kind != unstable.ArrayTable {
				continue
			}
			var parts []string
			at := -1
			for it := e.Key(); it.Next(); {
				parts = append(parts, string(it.Node().Data))
				if at < 0 {
					at = int(it.Node().Raw.Offset)
				}
			}
			if !yield(strings.Join(parts, "."), at) {
				return
			}
		}
	}
}

// replace writes a file beside the one at path, syncs it, and renames it into
// its place.
func replace(path string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
