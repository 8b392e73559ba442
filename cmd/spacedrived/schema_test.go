package main

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/spacedrive-go/spacedrive/contrib/cddl"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// A wireSchema is docs/protocol.cddl with all that goes with it, for one
// encoding.
type wireSchema struct {
	t   *testing.T
	enc protocol.Encoding
	*cddl.Schema
}

func readSchema(t *testing.T, enc protocol.Encoding) *wireSchema {
	t.Helper()
	var texts []string
	for _, name := range []string{"protocol", "operations", "protocol-" + enc.String()} {
		text, err := os.ReadFile("../../docs/" + name + ".cddl")
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	s, err := cddl.Parse(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return &wireSchema{t, enc, s}
}

// check checks a frame's message.
func (s *wireSchema) check(rule string, frame []byte) error {
	decode := cddl.JSON
	if s.enc == protocol.CBOR {
		decode = cddl.CBOR
	}
	value, err := decode(frame)
	if err != nil {
		return err
	}
	return s.Check(rule, value)
}

// tree decodes a frame to what mutants makes mutants of, and untree encodes
// it again.
func (s *wireSchema) tree(frame []byte) (v any) {
	s.t.Helper()
	var err error
	if s.enc == protocol.JSON {
		dec := json.NewDecoder(bytes.NewReader(frame))
		dec.UseNumber()
		err = dec.Decode(&v)
	} else {
		err = textKeys.Unmarshal(frame, &v)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *wireSchema) untree(v any) []byte {
	s.t.Helper()
	marshal := json.Marshal
	if s.enc == protocol.CBOR {
		marshal = cbor.Marshal
	}
	frame, err := marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return frame
}

var textKeys = func() cbor.DecMode {
	mode, err := cbor.DecOptions{DefaultMapType: reflect.TypeFor[object]()}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// answerRule returns the rule for the ok that answers a message.
func answerRule(request any) string {
	switch m := request.(object); m["type"] {
	case "query", "action":
		return shortName(m["method"].(string)) + "-answer"
	default:
		return m["type"].(string) + "-answer"
	}
}

// shortName returns jobs.list for query:jobs.list.v1.
func shortName(method string) string {
	_, name, full := strings.Cut(method, ":")
	if !full {
		return method
	}
	return strings.TrimSuffix(strings.TrimSuffix(name, ".v1"), ".input")
}

// checkExchange checks a request and a message that came after it. What the
// daemon refuses as no message, or as no input, must not fit the schema; what
// it grants must.
func (s *wireSchema) checkExchange(request, reply []byte) {
	s.t.Helper()
	if err := s.check("reply", reply); err != nil {
		s.t.Errorf("%v\n%s", err, reply)
	}
	bad := s.check("request", request)
	switch code := s.code(reply); {
	case code == "invalid_request" || code == "deserialization":
		// Whether an id is in use no schema knows.
		if bad == nil && !strings.HasSuffix(get(s.tree(reply), "error.message"), "in use") {
			s.t.Errorf("the daemon refuses what the schema allows: %s\n%s", request, reply)
		}
	case s.typeOf(reply) == "ok":
		if bad != nil {
			s.t.Errorf("%v\n%s", bad, request)
		}
		if rule := answerRule(s.tree(request)); s.check(rule, reply) != nil {
			s.t.Errorf("%v\n%s", s.check(rule, reply), reply)
		}
	}
}

func (s *wireSchema) typeOf(frame []byte) string {
	m, _ := s.tree(frame).(object)
	text, _ := m["type"].(string)
	return text
}

func (s *wireSchema) code(frame []byte) string { return get(s.tree(frame), "error.code") }

// optional lists the keys that messages from the daemon may lack, each after
// the key that it stands below; * is any.
var optional = []string{
	".id", "error.hint", "error.details",
	"event.library_id", "event.location_id", "event.job_id", "event.device_id", "event.trace_id",
	"data.reason", "data.state", "data.fields", "data.output", "data.error", "data.trace_id",
	"payload.next_cursor", "payload.output",
	"jobs.location_id", "jobs.trace_id", "jobs.started_at", "jobs.finished_at", "jobs.error",
	"progress.phase", "progress.total", "progress.bytes_done", "progress.bytes_total", "progress.rate", "progress.eta_ms", "progress.current",
	"locations.last_scan", "locations.reason", "location.last_scan", "location.reason",
	"entry.created_at", "entry.hidden", "libraries.error", "instance.error", "instances.error",
	"connections.client", "connections.encoding", "connections.pid", "connections.program", "connections.held",
	"calls.pid", "calls.program", "calls.library_id", "calls.timeout_left_ms",
	"subscriptions.pid", "subscriptions.program",
	"filter.path", "filter.min_level", "filter.target", "payload.goroutine_dump",
}

// optionalOfAJob lists those of a job that is a payload of its own.
var optionalOfAJob = []string{"payload.location_id", "payload.trace_id", "payload.started_at", "payload.finished_at", "payload.error"}

// Keys whose values the schema leaves open, and maps with keys of any name.
var (
	untyped = []string{"output", "input_schema", "output_schema"}
	open    = []string{"details", "fields", "limits", "kinds"}
)

// A mutant is a message of which one thing was changed.
type mutant struct {
	what, parent, key string
	tree              any
}

// mutants returns, for each place in a message: with its key taken away, with
// a value of a wrong type, and with a key more.
func mutants(v any) (all []mutant) {
	top := v
	var visit func(v any, parent string)
	visit = func(v any, parent string) {
		switch v := v.(type) {
		case object:
			keep := func(what, key string) {
				all = append(all, mutant{what, parent, key, clone(top)})
			}
			for _, key := range sortedKeys(v) {
				old := v[key]
				delete(v, key)
				keep("removed", key)
				v[key] = true
				if _, ok := old.(bool); ok {
					v[key] = "text"
				}
				if !slices.Contains(untyped, key) {
					keep("wrong type", key)
				}
				v[key] = old
				if !slices.Contains(untyped, key) && !slices.Contains(open, key) {
					visit(old, key)
				}
			}
			v["unheard_of"] = true
			keep("added", "unheard_of")
			delete(v, "unheard_of")
		case []any:
			for i := range min(len(v), 3) {
				visit(v[i], parent)
			}
		}
	}
	visit(top, "")
	return all
}

func clone(v any) any {
	switch v := v.(type) {
	case object:
		c := make(object, len(v))
		for key := range v {
			c[key] = clone(v[key])
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = clone(v[i])
		}
		return c
	}
	return v
}

func sortedKeys(m object) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// checkMutants checks that the schema refuses every mutant of a message from
// the daemon, but those that only lack a key that may be lacking.
func (s *wireSchema) checkMutants(rule string, frame []byte) {
	s.t.Helper()
	for _, m := range mutants(s.tree(frame)) {
		place := m.parent + "." + m.key
		may := m.what == "removed" && (slices.Contains(optional, place) || strings.HasPrefix(rule, "jobs.") && slices.Contains(optionalOfAJob, place))
		if err := s.check(rule, s.untree(m.tree)); (err == nil) != may {
			s.t.Errorf("%s: %s %s.%s: %v, in\n%s", rule, m.what, m.parent, m.key, err, frame)
		}
	}
}
