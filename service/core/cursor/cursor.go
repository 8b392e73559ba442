// Package cursor makes and reads the texts by which a client asks for the next
// page of a list. To the client they mean nothing.
package cursor

import (
	"encoding/base64"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/protocol"
)

type envelope[T any] struct {
	List  string `json:"l"`
	After T      `json:"a"`
}

// Encode returns a cursor for the part of the named list that follows after.
// The name should hold all that the list's order and content depend on.
func Encode[T any](list string, after T) string {
	text, err := json.Marshal(envelope[T]{list, after})
	if err != nil {
		panic("cursor: " + err.Error()) // after is a type of ours that always encodes
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Decode reads a cursor that Encode made for the same list. ok is false where
// there is none; one of another list is an error of code Validation.
func Decode[T any](list, cursor string) (after T, ok bool, err error) {
	if cursor == "" {
		return after, false, nil
	}
	var e envelope[T]
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &e, json.RejectUnknownMembers(true))
	}
	if err != nil || e.List != list {
		return after, false, protocol.Invalid("cursor", "the cursor is not one of this list").
			WithHint("pass next_cursor of the page before, with the same input otherwise")
	}
	return e.After, true, nil
}
