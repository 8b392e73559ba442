// Package redact removes from what a person sends to others all that is not known
// to be safe. It keeps texts of an allow-list of fields, replaces known names (of
// libraries, locations, the user, the host) by placeholders, the same each time,
// and leaves out every other text. It does not search texts for names.
package redact

import (
	_ "embed"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// LeftOut stands in place of a text that is not known to be safe.
const LeftOut = "(left out)"

// The fields whose texts are the programs' own: single words, and ids.
var (
	words = strings.Fields(`activation arch code connections distribution distribution_version enabled encoding
		event_types exit_status go held kernel kind le level load manager method mode network origin pause_ms peer_pid
		peer_uid phase pid quantile request_id restarts result resumed state status sub system systemd target time took_ms
		type value version active added_at created_at finished_at last_scan since started_at`)
	word = regexp.MustCompile(`^[A-Za-z0-9_.:+-]{1,64}$`)
	ids  = strings.Fields("boot_id device_id id job_id library library_id location_id")
	id   = regexp.MustCompile(`^[0-9a-f-]{16,64}$`)
)

// Names holds the private names that are known. The zero Names holds none.
type Names struct {
	placeholders map[string]string
	count        map[string]int
}

// Add adds a name. The first of a kind becomes "kind-1".
func (n *Names) Add(kind, name string) {
	if n.placeholders == nil {
		n.placeholders, n.count = make(map[string]string), make(map[string]int)
	}
	if name != "" && n.placeholders[name] == "" {
		n.count[kind]++
		n.placeholders[name] = kind + "-" + strconv.Itoa(n.count[kind])
	}
}

// Len returns how many names are known.
func (n *Names) Len() int { return len(n.placeholders) }

// Text returns the text of a field redacted. A path that is not known is shown as
// below the nearest folder that is.
func (n *Names) Text(field, s string) string {
	if field == "trace_id" && s != "" { // which clients choose
		s = "trace " + s
		n.Add("trace", s)
	}
	switch p := n.placeholders[s]; {
	case p != "":
		return p
	case s == "", slices.Contains(words, field) && word.MatchString(s), slices.Contains(ids, field) && id.MatchString(s):
		return s
	}
	for dir := s; filepath.IsAbs(dir) && dir != "/"; dir = filepath.Dir(dir) {
		if p := n.placeholders[dir]; p != "" {
			return p + "/…"
		}
	}
	return LeftOut
}

// JSON returns v as JSON with its texts redacted. It keeps the names of v's fields
// and keys, which must be constants of the program.
func (n *Names) JSON(v any) ([]byte, error) {
	var doc any
	text, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &doc, jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, err
	}
	return json.Marshal(n.value("", doc), json.Deterministic(true), jsontext.WithIndent("  "))
}

func (n *Names) value(field string, v any) any {
	switch v := v.(type) {
	case string:
		return n.Text(field, v)
	case []any:
		for i := range v {
			v[i] = n.value(field, v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = n.value(key, v[key])
		}
	}
	return v
}

// messages holds the constant beginnings of everything that the daemon logs, one a
// line.
//
//go:generate go test -run TestMessages -update
//go:embed messages.txt
var messages string

// Line returns a log line with its constant message and the fields of the
// allow-list, and nothing else.
func (n *Names) Line(fields map[string]any) ([]byte, error) {
	out := make(map[string]any)
	for key, v := range fields {
		text, isText := v.(string)
		switch allowed := key == "trace_id" || slices.Contains(words, key) || slices.Contains(ids, key); v.(type) {
		case string, float64, bool:
			if isText && key == "message" {
				out[key] = message(text)
			} else if allowed {
				out[key] = n.value(key, v)
			}
		}
	}
	return json.Marshal(out, json.Deterministic(true))
}

func message(s string) string {
	longest := ""
	for m := range strings.Lines(messages) {
		if m = strings.TrimSuffix(m, "\n"); strings.HasPrefix(s, m) && len(m) > len(longest) {
			longest = m
		}
	}
	if longest == "" {
		return LeftOut
	}
	return longest
}
