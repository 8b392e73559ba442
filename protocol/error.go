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

// Code is the kind of an Error. Callers branch on it and ignore unknown codes.
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

// Codes for failures of a client before it has an answer. They are never sent.
const (
	ConnectionFailed Code = "connection_failed"
	ReadError        Code = "read_error"
	WriteError       Code = "write_error"
)

// An Error is an error as sent over the wire: what failed and on what (Message),
// what to do about it (Hint), and facts for programs (Details).
type Error struct {
	Code      Code           `json:"code"`
	Message   string         `json:"message"`
	Hint      string         `json:"hint,omitzero"`
	Details   map[string]any `json:"details,omitzero"`
	Retryable bool           `json:"retryable"`

	cause error // for errors.Is; never sent
}

// maxErrorText bounds a message or hint, in bytes. Both may quote input, which
// may be as long as a frame.
const maxErrorText = 4 << 10

// Errorf returns an error of the given code. It supports %w as fmt.Errorf does;
// errors.Is finds the wrapped error, but it is not sent.
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

// WithHint sets the hint of e, and returns e.
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

// Unwrap returns the error that e wraps, nil if e was received.
func (e *Error) Unwrap() error { return e.cause }

// AsError returns err as an *Error: err itself if it is or wraps one, else one
// whose code depends on the kind of err.
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

// Clip shortens a text from a client that is quoted in a message.
func Clip[T ~string | ~[]byte](text T) string {
	const longest = 64 // bytes
	return cutText(text, longest)
}

func cutText[T ~string | ~[]byte](text T, longest int) string {
	if len(text) <= longest {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	head := []byte(text[:longest])
	for i := 1; i <= utf8.UTFMax && i <= len(head); i++ { // no partial character
		if utf8.RuneStart(head[len(head)-i]) {
			if !utf8.FullRune(head[len(head)-i:]) {
				head = head[:len(head)-i]
			}
			break
		}
	}
	return strings.ToValidUTF8(string(head), "\uFFFD") + "…"
}
