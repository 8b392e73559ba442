package protocol

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Path is a file name as the kernel has it: bytes without NUL, in no particular
// encoding. Valid UTF-8 is sent as a plain string, anything else as {"b64":"…"}
// (RFC 4648, section 4) in JSON and as a byte string in CBOR. Both forms preserve
// every byte.
type Path string

var (
	errNUL     = errors.New("a path cannot hold a NUL byte")
	errNotPath = errors.New("not the form of a path")
)

// String returns the bytes of p.
func (p Path) String() string { return string(p) }

// Valid reports whether p can name a file: no NUL inside.
func (p Path) Valid() bool { return strings.IndexByte(string(p), 0) < 0 }

// binaryPath is the JSON form of a path that is not UTF-8.
type binaryPath struct {
	B64 []byte `json:"b64"`
}

// MarshalJSONTo writes p as a string, or as {"b64":"…"}.
func (p Path) MarshalJSONTo(enc *jsontext.Encoder) error {
	if utf8.ValidString(string(p)) {
		return enc.WriteToken(jsontext.String(string(p)))
	}
	return json.MarshalEncode(enc, binaryPath{[]byte(p)})
}

// UnmarshalJSONFrom reads either form.
func (p *Path) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() == '{' {
		var b binaryPath
		if err := json.UnmarshalDecode(dec, &b, json.RejectUnknownMembers(true)); err != nil {
			return err
		}
		if b.B64 == nil {
			return errNotPath
		}
		return p.set(string(b.B64))
	}
	var s string
	if err := json.UnmarshalDecode(dec, &s); err != nil {
		return err
	}
	return p.set(s)
}

// MarshalCBOR writes p as a text string, or as a byte string.
func (p Path) MarshalCBOR() ([]byte, error) { return appendPath(nil, CBOR, string(p)), nil }

// UnmarshalCBOR reads either form from data, which is one item.
func (p *Path) UnmarshalCBOR(data []byte) error {
	if isNull(CBOR, data) {
		return p.set("")
	}
	s := cborScanner{data: data}
	major, n, err := s.head()
	if err != nil {
		return err
	}
	if major != cborText && major != cborBytes {
		return errNotPath
	}
	name, err := s.bytes(major, n)
	if err != nil {
		return err
	}
	return p.set(string(name))
}

func (p *Path) set(s string) error {
	if !Path(s).Valid() {
		return errNUL
	}
	*p = Path(s)
	return nil
}

// Contains reports whether p is q or a folder above q. Both must be cleaned
// absolute paths.
func (p Path) Contains(q Path) bool {
	if p == q || p == "/" {
		return true
	}
	return len(q) > len(p) && q[len(p)] == '/' && strings.HasPrefix(string(q), string(p))
}
