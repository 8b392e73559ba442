package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/jsonschema-go/jsonschema"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// payloadSchemas are the JSON Schemas in the answer to core.methods. They
// describe the JSON form of a payload; plain converts CBOR to that form.
type payloadSchemas struct {
	enc      protocol.Encoding
	methods  map[string]methodSchemas        // by short and by full name
	events   map[string]*jsonschema.Resolved // by event type
	answered map[string]bool                 // the short names of the methods whose outputs were checked
}

type methodSchemas struct {
	name          string
	input, output *jsonschema.Resolved
}

// fetchSchemas asks the daemon behind the socket for its schemas.
func fetchSchemas(t *testing.T, enc protocol.Encoding, socket string) *payloadSchemas {
	t.Helper()
	p := newPlayer(t, enc, socket)
	defer p.conn.Close()
	p.send(`{"type":"query","method":"core.methods"}`)
	s := &payloadSchemas{enc, make(map[string]methodSchemas), make(map[string]*jsonschema.Resolved), make(map[string]bool)}
	answer := payload(t, p.message().(object)).(object)
	for _, m := range answer["methods"].([]any) {
		m := m.(object)
		described := methodSchemas{m["name"].(string), resolve(t, m["input_schema"]), resolve(t, m["output_schema"])}
		s.methods[described.name], s.methods[m["method"].(string)] = described, described
	}
	for _, e := range answer["events"].([]any) {
		e := e.(object)
		s.events[e["type"].(string)] = resolve(t, e["data_schema"])
	}
	return s
}

func resolve(t *testing.T, v any) *jsonschema.Resolved {
	t.Helper()
	assertFormats(v)
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

var formats = map[any]string{
	"uuid":      `^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`,
	"date-time": `^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$`,
	"base64":    `^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$`,
}

// assertFormats adds a pattern wherever a schema names a format or an encoding,
// which a validator ignores (JSON Schema Validation 2020-12, sections 7 and 8).
func assertFormats(v any) {
	switch v := v.(type) {
	case object:
		for _, keyword := range []string{"format", "contentEncoding"} {
			if name, ok := v[keyword].(string); ok {
				v["pattern"] = formats[name]
			}
		}
		for _, child := range v {
			assertFormats(child)
		}
	case []any:
		for _, child := range v {
			assertFormats(child)
		}
	}
}

// tree decodes a message: to json.Number and string where it is JSON, to
// integers and []byte where it is CBOR.
func tree(t *testing.T, enc protocol.Encoding, frame []byte) (v any) {
	t.Helper()
	var err error
	if enc == protocol.JSON {
		dec := json.NewDecoder(bytes.NewReader(frame))
		dec.UseNumber()
		err = dec.Decode(&v)
	} else {
		err = textKeys.Unmarshal(frame, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var textKeys = func() cbor.DecMode {
	mode, err := cbor.DecOptions{DefaultMapType: reflect.TypeFor[object]()}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// payload returns the payload of a call or of its answer, {} where there is
// none.
func payload(t *testing.T, message object) any {
	t.Helper()
	if text, ok := message["payload_cbor"].(string); ok {
		item, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return tree(t, protocol.CBOR, item)
	}
	if message["payload"] == nil {
		return object{}
	}
	return message["payload"]
}

// plain converts what tree returns to what encoding/json makes of the value's
// JSON form. A byte string is an id if its key says so, else a path.
func plain(v any, key string) any {
	switch v := v.(type) {
	case object:
		m := make(object, len(v))
		for k := range v {
			m[k] = plain(v[k], k)
		}
		return m
	case []any:
		a := make([]any, len(v))
		for i := range v {
			a[i] = plain(v[i], key)
		}
		return a
	case []byte:
		isID := key == "id" || key == "ids" || key == "locations" || strings.HasSuffix(key, "_id")
		if len(v) == len(protocol.ID{}) && isID {
			return protocol.ID(v).String()
		}
		return object{"b64": base64.StdEncoding.EncodeToString(v)}
	case json.Number:
		f, _ := v.Float64()
		return f
	}
	return v
}

func check(schema *jsonschema.Resolved, v any) error { return schema.Validate(plain(v, "")) }

// checkExchange checks a request's input and a message that came after it:
// the output of an ok and the data of an event fit their schemas, and an input
// fits its own where the daemon took it, and does not where the daemon could
// not decode it.
func (s *payloadSchemas) checkExchange(t *testing.T, request, reply []byte) {
	t.Helper()
	came := tree(t, s.enc, reply).(object)
	if came["type"] == "event" {
		s.checkEvent(t, came)
		return
	}
	sent := tree(t, s.enc, request).(object)
	name, _ := sent["method"].(string)
	method, ok := s.methods[name]
	if !ok {
		return
	}
	bad := check(method.input, payload(t, sent))
	switch {
	case get(came, "error.code") == string(protocol.Deserialization):
		if bad == nil {
			t.Errorf("the daemon refuses what the schema allows: %s\n%s", request, reply)
		}
	case came["type"] == "ok":
		if bad != nil {
			t.Errorf("%v\n%s", bad, request)
		}
		domain, _, _ := strings.Cut(method.name, ".")
		checkWithMutants(t, method.output, payload(t, came), domain)
		s.answered[method.name] = true
	}
}

// checkEvent checks the data of an event.
func (s *payloadSchemas) checkEvent(t *testing.T, message object) {
	t.Helper()
	event := message["event"].(object)
	schema := s.events[event["type"].(string)]
	if schema == nil {
		t.Errorf("core.methods has no schema for %v", event)
		return
	}
	checkWithMutants(t, schema, event["data"], "data")
}

// checkWithMutants checks that a schema accepts a value and refuses every
// mutant of it, but those that only lack a key that may be left out.
func checkWithMutants(t *testing.T, schema *jsonschema.Resolved, v any, name string) {
	t.Helper()
	if err := check(schema, v); err != nil {
		t.Errorf("%s: %v\n%v", name, err, v)
		return
	}
	eachMutant(v, name, func(change, place string) {
		allowed := change == "removed" && slices.Contains(optional, place)
		if err := check(schema, v); (err == nil) != allowed {
			t.Errorf("%s %s: %v, in\n%v", change, place, err, v)
		}
	})
}

// optional lists the keys that outputs and events may lack, each after the key
// above it, or the domain of the operation.
var optional = []string{
	"error.hint", "error.details",
	"data.reason", "data.state", "data.fields", "data.output", "data.error", "data.trace_id",
	"entries.created_at", "entries.total", "jobs.library_id", "jobs.location_id", "jobs.waiting_for", "waiting_for.path", "jobs.trace_id", "jobs.started_at", "jobs.finished_at", "jobs.error", "jobs.output", "jobs.next_cursor",
	"progress.phase", "progress.total", "progress.bytes_done", "progress.bytes_total", "progress.rate", "progress.eta_ms", "progress.current",
	"locations.last_scan", "locations.reason", "location.last_scan", "location.reason",
	"search.next_cursor", "entry.created_at", "entry.hidden", "libraries.error", "instance.error", "instances.error",
	"core.events", "core.goroutine_dump",
	"connections.client", "connections.encoding", "connections.pid", "connections.program", "connections.held",
	"calls.pid", "calls.program", "calls.library_id", "calls.timeout_left_ms",
	"subscriptions.pid", "subscriptions.program",
	"filter.path", "filter.min_level", "filter.target",
}

// Keys whose values the schemas leave open, and maps with keys of any name.
var (
	untyped = []string{"output", "input_schema", "output_schema", "data_schema"}
	open    = []string{"details", "fields", "kinds"}
)

// eachMutant changes one thing in v after another and calls f with each change
// in place: at every key of every map the key removed and its value of a wrong
// type, and to every map a key added.
func eachMutant(v any, parent string, f func(change, place string)) {
	switch v := v.(type) {
	case object:
		for _, key := range sortedKeys(v) {
			place, old := parent+"."+key, v[key]
			delete(v, key)
			f("removed", place)
			v[key] = true
			if _, ok := old.(bool); ok {
				v[key] = "text"
			}
			if !slices.Contains(untyped, key) {
				f("wrong type", place)
			}
			v[key] = old
			if !slices.Contains(untyped, key) && !slices.Contains(open, key) {
				eachMutant(old, key, f)
			}
		}
		v["unheard_of"] = true
		f("added", parent+".unheard_of")
		delete(v, "unheard_of")
	case []any:
		for i := range min(len(v), 3) {
			eachMutant(v[i], parent, f)
		}
	}
}

func sortedKeys(m object) []string { return slices.Sorted(maps.Keys(m)) }
