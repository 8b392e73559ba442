package mask

import (
	"encoding/base64"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JSON masks a JSON document, and indents it. What is none is masked as text.
func (m *Masker) JSON(doc []byte) []byte { return m.json(doc, jsontext.WithIndent("  ")) }

// Lines masks JSON documents of one line each, and what stands between them as
// text.
func (m *Masker) Lines(doc []byte) []byte {
	var out []byte
	for line := range strings.Lines(string(doc)) {
		out = append(out, m.json([]byte(strings.TrimSuffix(line, "\n")))...)
		out = append(out, '\n')
	}
	return out
}

func (m *Masker) json(doc []byte, options ...json.Options) []byte {
	var v any
	if json.Unmarshal(doc, &v, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) != nil {
		return []byte(m.Text(string(doc)))
	}
	out, err := json.Marshal(m.value("", v), append(options, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))...)
	if err != nil {
		return []byte(m.Text(string(doc)))
	}
	return out
}

var plainKey = lazy(`^[a-zA-Z0-9_.:]{1,40}$`)

func (m *Masker) value(key string, v any) any {
	switch v := v.(type) {
	case string:
		return m.string(key, v)
	case []any:
		for i := range v {
			v[i] = m.value(key, v[i])
		}
		return v
	case map[string]any:
		if b64, ok := v["b64"].(string); ok && len(v) == 1 {
			if path, err := base64.StdEncoding.DecodeString(b64); err == nil {
				return m.path(canonical(string(path)))
			}
		}
		out := make(map[string]any, len(v))
		for k, below := range v {
			masked := k
			if !plainKey().MatchString(k) {
				masked = m.name("key", canonical(k))
			}
			out[masked] = m.value(k, below)
		}
		return out
	}
	return v
}

// string masks a value by its key.
func (m *Masker) string(key, s string) string {
	switch plain := canonical(s); {
	case dumpKeys[key]:
		return m.Dump(s)
	case keptKeys[key] || strings.HasSuffix(key, "_id") || strings.HasSuffix(key, "_at"):
		return m.sweep(s)
	case textKeys[key]:
		return m.message(s, inMessage())
	case strings.HasPrefix(plain, "/"):
		if m.system(plain) {
			return m.sweep(s)
		}
		return m.path(plain)
	case pathKeys[key]:
		return m.path(plain)
	case nameKinds[key] != "":
		return m.name(nameKinds[key], plain)
	default:
		return m.whole("name", plain)
	}
}
