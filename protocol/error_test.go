package protocol

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"
)

func TestAsError(t *testing.T) {
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing\xff")
	_, notThere := os.Open(missing)
	alreadyThere := os.Mkdir(folder, 0o700)
	own := Invalid("name", "no")
	for _, tt := range []struct {
		name    string
		err     error
		code    Code
		details map[string]any
	}{
		{"nil", nil, "", nil},
		{"our own", own, Validation, map[string]any{"field": "name"}},
		{"our own, wrapped", fmt.Errorf("somewhere: %w", own), Validation, map[string]any{"field": "name"}},
		{"cancelled", fmt.Errorf("walk: %w", context.Canceled), Cancelled, nil},
		{"out of time", fmt.Errorf("walk: %w", context.DeadlineExceeded), DeadlineExceeded, nil},
		{"not there", notThere, NotFound, map[string]any{"path": Path(missing), "cause": "no such file or directory"}},
		{"not there, wrapped", fmt.Errorf("scan: %w", notThere), NotFound, map[string]any{"path": Path(missing), "cause": "no such file or directory"}},
		{"already there", alreadyThere, AlreadyExists, map[string]any{"path": Path(folder), "cause": "file exists"}},
		{"no rights", &fs.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, PermissionDenied, map[string]any{"path": Path("/x"), "cause": "permission denied"}},
		{"read-only", &fs.PathError{Op: "open", Path: "/x", Err: syscall.EROFS}, PermissionDenied, map[string]any{"path": Path("/x"), "cause": "read-only file system"}},
		{"disk full", &fs.PathError{Op: "write", Path: "/x", Err: syscall.ENOSPC}, OperationFailed, map[string]any{"path": Path("/x"), "cause": "no space left on device"}},
		{"another", errors.New("broken"), OperationFailed, nil},
	} {
		got := AsError(tt.err)
		if tt.err == nil {
			if got != nil {
				t.Errorf("%s: %v", tt.name, got)
			}
			continue
		}
		if got.Code != tt.code || !reflect.DeepEqual(got.Details, tt.details) || !HasCode(got, tt.code) {
			t.Errorf("%s: %s %v, want %s %v", tt.name, got.Code, got.Details, tt.code, tt.details)
		}
		if got.Message == "" || !utf8.ValidString(got.Message) {
			t.Errorf("%s: message %q", tt.name, got.Message)
		}
	}
}

func TestErrorf(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	e := Errorf(OperationFailed, "both: %w, %w", first, second)
	if !errors.Is(e, first) || !errors.Is(e, second) || errors.Is(e, fs.ErrNotExist) || e.Message != "both: first, second" {
		t.Errorf("%v", e)
	}
	if e := Errorf(NotFound, "no %s", "x"); e.Unwrap() != nil || e.Retryable {
		t.Errorf("%+v", e)
	}
	for _, code := range []Code{Busy, TooManyConnections} {
		if !Errorf(code, "x").Retryable {
			t.Errorf("%s is not retryable", code)
		}
	}
	e = Errorf(NotFound, "no %s", "\xff").WithHint("try %s", "\xfe")
	if e.Error() != "no \ufffd (try \ufffd)" {
		t.Errorf("%q", e.Error())
	}
}

func TestLongTextsAreCutBetweenCharacters(t *testing.T) {
	for i := range 8 {
		text := strings.Repeat("x", i) + strings.Repeat("😀", maxErrorText)
		e := Errorf(NotFound, "%s", text).WithHint("%s", text)
		for _, got := range []string{e.Message, e.Hint} {
			body, cut := strings.CutSuffix(got, "…")
			if !cut || len(body) > maxErrorText || len(body) < maxErrorText-3 || !strings.HasPrefix(text, body) {
				t.Errorf("%d: %d bytes ending %q", i, len(got), got[len(got)-10:])
			}
		}
	}
	for text, want := range map[string]string{
		strings.Repeat("x", 64):    strings.Repeat("x", 64),
		strings.Repeat("x", 65):    strings.Repeat("x", 64) + "…",
		"\xff":                     "\ufffd",
		strings.Repeat("\x80", 65): "\ufffd…", // a run of invalid bytes
	} {
		if got := Clip(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// roundTrip returns the one reply in stream.
func roundTrip(t *testing.T, enc Encoding, stream []byte) *Reply {
	t.Helper()
	frames := NewFrameReader(strings.NewReader(string(stream)), enc, nil)
	frame, err := frames.Next()
	if err != nil {
		t.Fatalf("%q: %v", stream, err)
	}
	r, err := ParseReply(enc, frame)
	if err != nil {
		t.Fatalf("%q: %v", frame, err)
	}
	if rest, err := frames.Next(); err == nil {
		t.Fatalf("%q is left over", rest)
	}
	return r
}

func TestErrorsCrossTheWire(t *testing.T) {
	sent := Errorf(NotFound, "no file %q", "a\xff").WithHint("look elsewhere").
		With("path", Path("/a\xff")).With("library_id", mustID(someID)).With("count", 3)
	for _, enc := range []Encoding{JSON, CBOR} {
		r := roundTrip(t, enc, AppendError(nil, enc, 7, sent))
		if r.Type != TypeError || r.ID != 7 || r.Error == nil {
			t.Fatalf("%v: %+v", enc, r)
		}
		got := r.Error
		if got.Code != NotFound || got.Message != sent.Message || got.Hint != sent.Hint || got.Retryable {
			t.Errorf("%v: %+v", enc, got)
		}
		want := map[Encoding]map[string]any{
			JSON: {"path": map[string]any{"b64": "L2H/"}, "library_id": someID, "count": 3.0},
			CBOR: {"path": []byte("/a\xff"), "library_id": func() []byte { id := mustID(someID); return id[:] }(), "count": uint64(3)},
		}[enc]
		if !reflect.DeepEqual(got.Details, want) {
			t.Errorf("%v: details %#v, want %#v", enc, got.Details, want)
		}
		if r := roundTrip(t, enc, AppendError(nil, enc, 0, Errorf(Busy, "full"))); r.ID != 0 || !r.Error.Retryable || r.Error.Details != nil {
			t.Errorf("%v: %+v %+v", enc, r, r.Error)
		}
	}
}

func TestAnErrorIsAlwaysSent(t *testing.T) {
	long := strings.Repeat("x", MaxFrame)
	for name, e := range map[string]*Error{
		"details that do not encode": Errorf(Internal, "broken").With("x", make(chan int)),
		"details too long":           Errorf(Internal, "broken").With("x", long),
		"half a character":           Errorf(Internal, "broken").With("x", "\xff"),
		"message too long":           {Code: Internal, Message: "broken" + long},
		"message that is no UTF-8":   {Code: Internal, Message: "broken\xff", Hint: "\xff"},
		"code that is no UTF-8":      {Code: "\xff", Message: "broken"},
		"hint too long":              {Code: Internal, Message: "broken", Hint: long},
	} {
		for _, enc := range []Encoding{JSON, CBOR} {
			stream := AppendError([]byte("before"), enc, 7, e)
			if len(stream) > 3*maxErrorText {
				t.Errorf("%s, %v: %d bytes", name, enc, len(stream))
			}
			r := roundTrip(t, enc, stream[len("before"):])
			if r.ID != 7 || r.Error == nil || !strings.HasPrefix(r.Error.Message, "broken") {
				t.Errorf("%s, %v: %+v %+v", name, enc, r, r.Error)
			}
		}
	}
}
