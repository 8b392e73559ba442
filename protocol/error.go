package protocol

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"unicode/utf8"
)

// Code says what kind of failure an Error is. Callers branch on it; they
// ignore codes that they do not know.
type Code string

// The error codes of protocol version 1.
const (
	InvalidRequest     Code = "invalid_request"
	RequestTooLarge    Code = "request_too_large"
	Deserialization    Code = "deserialization"
	Serialization      Code = "serialization"
	MethodNotFound     Code = "method_not_found"
	Validation         Code = "validation"
	NotFound           Code = "not_found"
	AlreadyExists      Code = "already_exists"
	Conflict           Code = "conflict"
	OperationFailed    Code = "operation_failed"
	PermissionDenied   Code = "permission_denied"
	CoreUnavailable    Code = "core_unavailable"
	ProtocolMismatch   Code = "protocol_mismatch"
	Busy               Code = "busy"
	TooManyConnections Code = "too_many_connections"
	DeadlineExceeded   Code = "deadline_exceeded"
	Cancelled          Code = "cancelled"
	Internal           Code = "internal"
)

// Codes that a client gives to a failure that came before any answer. They
// never cross the wire.
const (
	ConnectionFailed Code = "connection_failed"
	ReadError        Code = "read_error"
	WriteError       Code = "write_error"
)

// An Error is a failure as it crosses the wire: what happened and to what
// (Message), what to do about it (Hint), and the facts a program may branch
// on (Details).
type Error struct {
	Code      Code           `json:"code"`
	Message   string         `json:"message"`
	Hint      string         `json:"hint,omitzero"`
	Details   map[string]any `json:"details,omitzero"`
	Retryable bool           `json:"retryable"`

	cause error // for errors.Is on this side of the socket; never sent
}

// maxErrorText is the longest message or hint, in bytes. Both may quote what a
// client sent, which may be as long as a frame.
const maxErrorText = 4 << 10

// Errorf returns an error of the given code. Like fmt.Errorf it takes %w; the
// wrapped error can be found by errors.Is on this side of the socket.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := &Error{
		Code:      code,
		Message:   readable(err.Error()),
		Retryable: code == Busy || code == TooManyConnections,
	}
	switch err.(type) {
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		e.cause = err
	}
	return e
}

// Invalid returns a validation error for the named field of an input.
func Invalid(field, format string, args ...any) *Error {
	return Errorf(Validation, format, args...).With("field", field)
}

// WithHint sets what the user can do about e, and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = readable(fmt.Sprintf(format, args...))
	return e
}

// With adds a detail to e, and returns e.
func (e *Error) With(key string, value any) *Error {
	if e.Details == nil {
		e.Details = make(map[string]any)
	}
	e.Details[key] = value
	return e
}

// Error returns the message and the hint.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " (" + e.Hint + ")"
}

// Unwrap returns the error that e was made from, if it was made on this side
// of the socket.
func (e *Error) Unwrap() error { return e.cause }

// AsError returns err in the form that crosses the wire: err itself where it
// is or wraps an *Error, else one whose code follows from the kind of err.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var wire *Error
	if errors.As(err, &wire) {
		return wire
	}
	code := OperationFailed
	switch {
	case errors.Is(err, context.Canceled):
		return Errorf(Cancelled, "cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return Errorf(DeadlineExceeded, "the call's time ran out")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		code = PermissionDenied
	case errors.Is(err, fs.ErrNotExist):
		code = NotFound
	case errors.Is(err, fs.ErrExist):
		code = AlreadyExists
	}
	e := Errorf(code, "%w", err)
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		e.With("path", Path(pathErr.Path)).With("cause", pathErr.Err.Error())
	}
	return e
}

// HasCode reports whether err is or wraps an *Error with the given code.
func HasCode(err error, code Code) bool {
	var wire *Error
	return errors.As(err, &wire) && wire.Code == code
}

// readable makes a text of any bytes valid UTF-8 and not too long, for messages
// to people.
func readable(s string) string { return cutText(s, maxErrorText) }

// clip shortens a foreign text that is quoted in a message.
func clip[T ~string | ~[]byte](text T) string {
	const longest = 64 // bytes
	return cutText(text, longest)
}

func cutText[T ~string | ~[]byte](text T, longest int) string {
	if len(text) <= longest {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	head := []byte(text[:longest])
	for i := 1; i <= utf8.UTFMax && i <= len(head); i++ { // not half a character
		if utf8.RuneStart(head[len(head)-i]) {
			if !utf8.FullRune(head[len(head)-i:]) {
				head = head[:len(head)-i]
			}
			break
		}
	}
	return strings.ToValidUTF8(string(head), "\uFFFD") + "…"
}
