package cddl_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/cddl"
)

// The RFC's own examples, by section. A value is JSON, or the hex digits of
// CBOR after "h:".
var examples = []struct {
	section, schema, rule string
	fits, not             []string
}{
	{"2.1", `
		person = { identity, employer: tstr }
		dog = { identity, leash-length: float }
		identity = ( age: 0..120, name: tstr )`, "person",
		[]string{`{"age":7,"name":"a","employer":"b"}`, `{"employer":"b","name":"a","age":120}`},
		[]string{`{"age":7,"name":"a"}`, `{"age":121,"name":"a","employer":"b"}`, `{"age":7.0,"name":"a","employer":"b"}`, `{"age":7,"name":"a","employer":"b","x":1}`, `[7,"a","b"]`}},
	{"2.2.2", `
		address = { delivery }
		delivery = (
		street: tstr, ? number: uint, city //
		po-box: uint, city //
		per-pickup: true )
		city = ( name: tstr, zip-code: uint )
		delivery //= ( lat: float, long: float, drone-type: tstr )`, "address",
		[]string{`{"street":"s","number":1,"name":"n","zip-code":2}`, `{"street":"s","name":"n","zip-code":2}`, `{"po-box":3,"name":"n","zip-code":2}`, `{"per-pickup":true}`, `{"lat":1.5,"long":2.5,"drone-type":"d"}`},
		[]string{`{}`, `{"street":"s","name":"n"}`, `{"street":"s","po-box":3,"name":"n","zip-code":2}`, `{"per-pickup":false}`, `{"lat":1,"long":2.5,"drone-type":"d"}`}},
	{"2.2.2", `
		attire = "bow tie" / "necktie" / "Internet attire"
		attire /= "swimwear"`, "attire",
		[]string{`"necktie"`, `"swimwear"`}, []string{`"tie"`, `1`}},
	{"2.2.2.1", `
		byte = 0..max-byte
		max-byte = 255 ; inclusive`, "byte",
		[]string{`0`, `255`}, []string{`256`, `-1`, `1.5`}},
	{"2.2.2.1", `
		byte = 0...first-non-byte
		first-non-byte = 256`, "byte",
		[]string{`0`, `255`}, []string{`256`}},
	{"2.2.2.2", `
		terminal-color = &basecolors
		basecolors = ( black: 0, red: 1, green: 2 )
		extended-color = &( basecolors, orange: 8, pink: 9 )`, "extended-color",
		[]string{`0`, `2`, `9`}, []string{`3`, `"red"`}},
	{"3.2", `
		some = [1*2 tstr]`, "some",
		[]string{`["a"]`, `["a","b"]`}, []string{`[]`, `["a","b","c"]`, `[1]`}},
	{"3.5.1", `
		located-samples = { sample-point: int, samples: [+ float] }`, "located-samples",
		[]string{`{"sample-point":-1,"samples":[1.5,2.5]}`}, []string{`{"sample-point":1,"samples":[]}`, `{"sample-point":1,"samples":[1.5,2]}`}},
	{"3.5.2", `
		square-roots = {* x => y}
		x = int
		y = float`, "square-roots",
		[]string{`{}`, "h:a101fb3ff0000000000000", "h:a201f93c0002fb3ff6a09e667f3bcd"}, []string{`{"1":1.5}`, "h:a10101"}},
	{"3.5.4", `
		extensible-map-example = { ? "optional-key" => int, * tstr => any }`, "extensible-map-example",
		[]string{`{}`, `{"optional-key":1,"x":2}`, `{"optional-key":"nonsense"}`}, []string{"h:a10101"}},
	{"3.5.4", `
		extensible-map-example = { ? "optional-key" ^ => int, * tstr => any }`, "extensible-map-example",
		[]string{`{}`, `{"optional-key":1,"x":2}`}, []string{`{"optional-key":"nonsense"}`}},
	{"3.7", `
		basic-header = [ field1: int, field2: text ]
		advanced-header = [ ~basic-header, field3: bytes, field4: number ]`, "advanced-header",
		[]string{"h:84016161420102f93c00"}, []string{"h:82016161", "h:8382016161420102f93c00"}},
	{"3.8.1", `
		full-address = [[+ label], ip4, ip6]
		ip4 = bstr .size 4
		ip6 = bstr .size 16
		label = bstr .size (1..63)`, "full-address",
		[]string{"h:83814141440102030450000102030405060708090a0b0c0d0e0f"},
		[]string{"h:838140440102030450000102030405060708090a0b0c0d0e0f", "h:838141414301020350000102030405060708090a0b0c0d0e0f"}},
	{"3.8.1", `
		audio_sample = uint .size 3`, "audio_sample",
		[]string{`0`, `16777215`}, []string{`16777216`, `-1`}},
	{"3.8.3", `
		nai = tstr .regexp "[A-Za-z0-9]+@[A-Za-z0-9]+(\\.[A-Za-z0-9]+)+"`, "nai",
		[]string{`"N1@CH57HF.4Znqe0.dYJRN.igjf"`}, []string{`"N1@CH57HF"`, `"see N1@a.b!"`}},
	{"3.8.4", `
		signed-cwt = bstr .cbor [* int]`, "signed-cwt",
		[]string{"h:43820102", "h:4180"}, []string{"h:43816161", "h:428201", "h:820102"}},
	{"3.8.6", `
		speed = number .ge 0 ; unit: m/s`, "speed",
		[]string{`0`, `1.5`}, []string{`-1`, `-0.5`, `"fast"`}},
	{"3.9", `
		tcp-header = { seq: uint, ack: uint, * $$tcp-option }
		$$tcp-option //= ( sack: [+(left: uint, right: uint)] )`, "tcp-header",
		[]string{`{"seq":1,"ack":2}`, `{"seq":1,"ack":2,"sack":[1,2,3,4]}`}, []string{`{"seq":1,"ack":2,"sack":[1,2,3]}`, `{"seq":1,"ack":2,"x":1}`}},
	{"3.9", `
		tcp-header = { seq: uint, ack: uint, * $$tcp-option }`, "tcp-header",
		[]string{`{"seq":1,"ack":2}`}, []string{`{"seq":1,"ack":2,"sack":[1,2]}`}},
	{"3.10", `
		messages = message<"reboot", "now"> / message<"sleep", 1..100>
		message<t, v> = {type: t, value: v}`, "messages",
		[]string{`{"type":"reboot","value":"now"}`, `{"type":"sleep","value":100}`}, []string{`{"type":"sleep","value":"now"}`, `{"type":"sleep","value":101}`, `{"type":"reboot"}`}},
}

func decode(t *testing.T, text string) any {
	t.Helper()
	digits, isCBOR := strings.CutPrefix(text, "h:")
	if !isCBOR {
		v, err := cddl.JSON([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return v
	}
	item, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	v, err := cddl.CBOR(item)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestExamplesOfTheRFC(t *testing.T) {
	for _, e := range examples {
		t.Run(e.section+" "+e.rule, func(t *testing.T) {
			schema, err := cddl.Parse(e.schema)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range e.fits {
				if err := schema.Check(e.rule, decode(t, text)); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			}
			for _, text := range e.not {
				if schema.Check(e.rule, decode(t, text)) == nil {
					t.Errorf("%s fits", text)
				}
			}
		})
	}
}
