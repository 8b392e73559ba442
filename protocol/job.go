package protocol

import "reflect"

// A JobSpec describes a kind of job apart from its Go types.
type JobSpec struct {
	Kind  string // "index"
	Title string // what such a job is doing, for its line on a terminal: "Indexing"
	Help  string // one line
	// Background marks a kind that nobody waits for: its jobs make room for
	// others.
	Background    bool
	Input, Output reflect.Type

	decode  func([]byte) (any, error)
	summary func(Value) (string, error)
}

// A JobKind is a declared kind of job with the types of its input and output.
// The server binds to it what does the work, clients read outputs with it.
type JobKind[In, Out any] struct{ JobSpec }

// DeclareJob declares a kind of job. The spec's types are filled in. summary
// says in one line, without the time it took, what a job has done.
func DeclareJob[In, Out any](s JobSpec, summary func(Out) string) JobKind[In, Out] {
	s.Input, s.Output = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	s.decode = func(text []byte) (any, error) {
		var out Out
		err := JSON.Unmarshal(text, &out)
		return out, err
	}
	s.summary = func(v Value) (string, error) {
		var out Out
		if err := v.Decode(&out); err != nil {
			return "", err
		}
		return summary(out), nil
	}
	return JobKind[In, Out]{s}
}

// ReadOutput returns an output that was stored as JSON as a Value that encodes
// right in either encoding.
func (s *JobSpec) ReadOutput(text []byte) (Value, error) {
	out, err := s.decode(text)
	return ValueOf(out), err
}

// Summary says in one line what a job with this output, as received, has done.
func (s *JobSpec) Summary(output Value) (string, error) { return s.summary(output) }
