package protocol

import (
	"errors"
	"fmt"
)

// A member is a key of a message with its encoded value, which points into the
// frame.
type member struct {
	key   []byte
	value []byte
}

var (
	errNotObject = errors.New("a message is an object")
	errCutOff    = errors.New("the message is cut off")
	errUTF8      = errors.New("text that is not valid UTF-8")
	errNesting   = fmt.Errorf("nested deeper than %d levels", MaxNesting)
	errElements  = fmt.Errorf("an array or a map with more than %d elements", MaxElements)
)

func errTwice(key []byte) error { return fmt.Errorf("the key %q stands twice", Clip(key)) }

// scan checks a frame and appends its members to dst. The values are well-formed;
// decoding them can fail only because of their types.
func scan(enc Encoding, frame []byte, dst []member) ([]member, error) {
	if enc == CBOR {
		return scanCBOR(frame, dst)
	}
	return scanJSON(frame, dst)
}

// A keySet finds duplicate keys of an object: the first by comparison, the others
// with a map.
type keySet struct {
	few  [8][]byte
	n    int
	many map[string]struct{}
}

// add reports whether key is not in the set yet, and adds it.
func (k *keySet) add(key []byte) bool {
	for _, old := range k.few[:k.n] {
		if string(old) == string(key) {
			return false
		}
	}
	if k.n < len(k.few) {
		k.few[k.n] = key
		k.n++
		return true
	}
	if k.many == nil {
		k.many = make(map[string]struct{})
	}
	before := len(k.many)
	k.many[string(key)] = struct{}{}
	return len(k.many) > before
}
