package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/readme"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

func document(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// table returns a table of protocol.md, by the first cell of its head.
func table(t *testing.T, name string) [][]string {
	t.Helper()
	rows := readme.Tables(document(t))[name]
	if len(rows) == 0 {
		t.Fatalf("protocol.md has no table %q", name)
	}
	return rows
}

// words returns what stands in backquotes in one column.
func words(t *testing.T, name string, column int) []string {
	t.Helper()
	var all []string
	for _, row := range table(t, name) {
		all = append(all, readme.Words(row[column])...)
	}
	return all
}

// constants returns the values of the constants of a type, "" for none, in
// the package protocol, whose names begin with prefix.
func constants(t *testing.T, typ, prefix string) (values []string) {
	t.Helper()
	paths, err := filepath.Glob("../protocol/*.go")
	if err != nil || len(paths) == 0 {
		t.Fatal("no source of protocol", err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); ok != (typ != "") || ok && id.Name != typ {
				return true
			}
			if text, ok := spec.Values[0].(*ast.BasicLit); ok && text.Kind == token.STRING {
				value, _ := strconv.Unquote(text.Value)
				values = append(values, value)
			}
			return true
		})
	}
	if len(values) == 0 {
		t.Fatalf("protocol has no constants of type %q", typ)
	}
	return values
}

// same compares two lists without regard to order.
func same(t *testing.T, what string, documented, declared []string) {
	t.Helper()
	for _, v := range documented {
		if !slices.Contains(declared, v) {
			t.Errorf("%s: the document has %s, and the code does not", what, v)
		}
	}
	for _, v := range declared {
		if !slices.Contains(documented, v) {
			t.Errorf("%s: the code has %s, and the document does not", what, v)
		}
	}
	if len(documented) != len(declared) {
		t.Errorf("%s: %d in the document, %d in the code", what, len(documented), len(declared))
	}
}

func TestTheTablesAreWhatTheCodeHas(t *testing.T) {
	same(t, "error codes", append(words(t, "code", 0), words(t, "code of the client", 0)...), constants(t, "Code", ""))
	same(t, "message types", slices.Concat(words(t, "the client sends", 0), words(t, "the daemon sends", 0)), constants(t, "", "Type"))
	same(t, "gap reasons", words(t, "reason", 0), constants(t, "GapReason", ""))
	same(t, "levels", words(t, "key of `filter`", 1)[1:], constants(t, "Level", "")) // the first word is EntriesChanged
}

func TestTheKeysOfSubscribe(t *testing.T) {
	keys := words(t, "key of `subscribe`", 0)
	for _, row := range table(t, "the client sends") {
		if row[0] == "`subscribe`" {
			same(t, "keys of subscribe", keys, readme.Words(row[1]))
		}
	}
}

func TestWhichErrorsAreRetryable(t *testing.T) {
	for _, row := range table(t, "code") {
		code := protocol.Code(readme.Words(row[0])[0])
		if got, want := row[3] == "yes", protocol.Errorf(code, "x").Retryable; got != want {
			t.Errorf("%s: retryable %v in protocol.md, %v in the code", code, got, want)
		}
	}
}

func TestTheLimitsAreTheDefaults(t *testing.T) {
	c := config.Default()
	var documented, settings []string
	fixed := map[string]string{
		"a message":                            strconv.Itoa(protocol.MaxFrame),
		"nesting":                              strconv.Itoa(protocol.MaxNesting),
		"elements of an array, pairs of a map": strconv.Itoa(protocol.MaxElements),
	}
	for _, row := range table(t, "limit") {
		want, ok := fixed[row[0]]
		if setting := readme.Words(row[2]); len(setting) == 1 {
			documented = append(documented, setting[0])
			want, ok = c.Text(setting[0]), true
		}
		if !ok || row[1] != want {
			t.Errorf("%s: %s in protocol.md, %q in the code", row[0], row[1], want)
		}
	}
	for _, key := range config.Keys() {
		if strings.HasPrefix(key, "limits.") {
			settings = append(settings, key)
		}
	}
	same(t, "limits", documented, settings)
}

var (
	quotes      = regexp.MustCompile(`"([^"]+)"`)
	messageType = regexp.MustCompile(`type: "([a-z]+)"`)
)

func TestTheCDDLHasAllWords(t *testing.T) {
	text, err := os.ReadFile("protocol.cddl")
	if err != nil {
		t.Fatal(err)
	}
	matches := func(re *regexp.Regexp, text string) (all []string) {
		for _, m := range re.FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		return all
	}
	same(t, "message types", matches(messageType, string(text)), constants(t, "", "Type"))
	for rule, typ := range map[string]string{"code": "Code", "event-type": "", "level": "Level"} {
		_, rest, _ := strings.Cut(string(text), "\n"+rule+" = ")
		body, _, _ := strings.Cut(rest, "\n\n")
		var declared []string
		if typ == "" {
			for _, t := range protocol.EventTypes {
				declared = append(declared, string(t))
			}
		} else {
			declared = constants(t, typ, "")
		}
		if typ == "Code" { // without those that never cross the socket
			declared = slices.DeleteFunc(declared, func(c string) bool {
				return slices.Contains(words(t, "code of the client", 0), c)
			})
		}
		same(t, "the rule "+rule, matches(quotes, body), declared)
	}
}

func TestLinksWithinTheDocuments(t *testing.T) {
	text := document(t)
	for _, part := range strings.Split(text, "](")[1:] {
		target, _, _ := strings.Cut(part, ")")
		switch anchor, isAnchor := strings.CutPrefix(target, "#"); {
		case isAnchor:
			if !slices.Contains(anchors(text), anchor) {
				t.Errorf("no heading for #%s", anchor)
			}
		case strings.Contains(target, "://"):
		default:
			if _, err := os.Stat(target); err != nil {
				t.Errorf("a link to what is not there: %v", err)
			}
		}
	}
}

// anchors returns the names that GitHub gives to the headings.
func anchors(markdown string) (names []string) {
	for line := range strings.Lines(markdown) {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			names = append(names, strings.ReplaceAll(strings.ToLower(strings.TrimSpace(heading)), " ", "-"))
		}
	}
	return names
}
