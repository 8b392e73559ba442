package mask_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/cmd/spacedrive/mask"
	"github.com/spacedrive-go/spacedrive/protocol"
)

// The ways in which a name may be written.
var forms = map[string]func(string) string{
	"raw":             func(s string) string { return s },
	"as JSON":         jsonText,
	"as JSON, twice":  func(s string) string { return jsonText(jsonText(s)) },
	"quoted by Go":    quoted(strconv.Quote),
	"quoted to ASCII": quoted(strconv.QuoteToASCII),
	"quoted twice":    func(s string) string { return quoted(strconv.Quote)(quoted(strconv.QuoteToASCII)(s)) },
	"quoted, as JSON": func(s string) string { return jsonText(quoted(strconv.Quote)(s)) },
	"octal":           func(s string) string { return everyByte(s, `\%03o`) },
	"hexadecimal":     func(s string) string { return everyByte(s, `\x%02x`) },
	"of a URL":        ofURL,
	"made readable":   func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") },
}

// ofURL writes a name as a URL has it, but for characters that escape, of which
// it cannot be told afterwards whether they did.
func ofURL(s string) string {
	if strings.ContainsAny(s, `\%`) {
		return s
	}
	return url.PathEscape(s)
}

func jsonText(s string) string {
	b, _ := jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "\uFFFD"))
	return string(b[1 : len(b)-1])
}

func quoted(quote func(string) string) func(string) string {
	return func(s string) string { q := quote(s); return q[1 : len(q)-1] }
}

// everyByte writes all bytes but letters and digits by the format, and
// backslashes as C does.
func everyByte(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < utf8.RuneSelf && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			b.WriteByte(c)
		} else if c == '\\' {
			b.WriteString(`\\`)
		} else {
			fmt.Fprintf(&b, format, c)
		}
	}
	return b.String()
}

// TestANameIsFoundInEveryForm: a name that was in a path is masked wherever it
// stands alone, in whatever way it is written, by the one pseudonym.
func TestANameIsFoundInEveryForm(t *testing.T) {
	text := rapid.OneOf(
		rapid.StringMatching(`[a-zA-ZäöüßéÅ漢字🎉 ._'",;&()\\%\n\t-]{1,30}`),
		rapid.Map(rapid.SliceOfN(rapid.ByteRange(1, 255), 1, 30), func(b []byte) string { return string(b) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		name := "Geheim" + strings.ReplaceAll(text.Draw(t, "name"), "/", "_") + "Akte"
		m := mask.New()
		doc, err := protocol.JSON.Marshal(map[string]protocol.Path{"path": protocol.Path("/home/" + name)})
		if err != nil {
			t.Fatal(err)
		}
		masked := string(m.JSON(doc))
		token := strings.TrimSuffix(masked[strings.LastIndexByte(masked, '/')+1:], "\"\n}")
		if m.Names() != 1 || !strings.HasPrefix(token, "name-") {
			t.Fatalf("%s of %s", masked, doc)
		}
		for form, write := range forms {
			for _, around := range []string{"%s", "a%sz", "(%s)", "\n%s\n", "1%s2"} {
				doc, err := protocol.JSON.Marshal(map[string]string{"trace_id": fmt.Sprintf(around, strings.ToValidUTF8(write(name), "\uFFFD"))})
				if err != nil {
					t.Fatal(err)
				}
				want, _ := protocol.JSON.Marshal(map[string]string{"trace_id": fmt.Sprintf(around, token)})
				if out := m.Lines(doc); string(out) != string(want)+"\n" {
					t.Fatalf("%s: %s became %s, and is %s", form, doc, out, token)
				}
			}
		}
	})
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"cannot add /srv/Firma/gibt es \"nicht\" und: \"nie\" hier Richter/Anwalt: no such file", "cannot add /srv/name-1/name-2/name-3: no such file"},
		{"rename /srv/A, B: C (D) /srv/E -F: permission denied", "rename /srv/name-1) /srv/name-2: permission denied"},
		{"open /home/anna/Mein Tagebuch/1999.odt: permission denied", "open /home/user-1/name-1/1999.odt: permission denied"},
		{`cannot read "/home/anna/Mein: Tagebuch": gone`, `cannot read "/home/user-1/name-1": gone`},
		{`there is no library named "Familie"`, `there is no library named "name-1"`},
		{`did you mean \"Fami\\\"lie\"?`, `did you mean \"name-1\"?`},
		{`the library "open" is open`, `the library "open" is open`},
		{"anna's laptop, ANNA-PC, Annabell and anna", "user-1's laptop, ANNA-PC, Annabell and user-1"},
		{"on mybox.example.org at mybox", "on host-1 at host-2"},
		{"path=/home/anna/a b/c origin=own", "path=/home/user-1/name-1/name-2 origin=own"},
		{"/usr/lib/systemd/systemd runs, and/or 3/4 of 12 MiB/s", "/usr/lib/systemd/systemd runs, and/or 3/4 of 12 MiB/s"},
		{"see file:///srv/Firma/Bilanz.xlsx (of 2026)", "see file:///srv/name-1/name-2)"},
		{`stat /srv/Briefe "an Dich" und: mich: gone`, `stat /srv/name-1: gone`},
		{`/srv/Briefe an "Dich: ja" und "Nein"`, `/srv/name-1`},
		{"/home/anna is there, /home/anna was, /home/anna geheim: not", "/home/user-1 is there, /home/user-1 was, /home/name-1: not"},
		{"see https://example.org/docs", "see https://host-1/docs"},
		{"see https://github.com/spacedrive-go/spacedrive", "see https://github.com/spacedrive-go/spacedrive"},
		{"proxy http://otto:ge%2Fhe%40im@proxy.firma:3128: gone, proxy.firma ge/he@im", "proxy http://user-1:value-1@host-1:3128: gone, host-1 value-1"},
		{`dial \"ssh://otto@box\": gone`, `dial \"ssh://user-1@host-1\": gone`},
		{"/opt/data/Kunde/akte.pdf", "/opt/name-1/name-2/name-3.pdf"},
		{`there is no library named "123-45-6789" in /srv/192.168.1.4/+49-170-1234567.vcf`, `there is no library named "name-1" in /srv/name-2/name-3.vcf`},
		{"/tmp/01a20a88-d40d-732e-8b98-9af91878155c/2026", "/tmp/01a20a88-d40d-732e-8b98-9af91878155c/2026"},
	} {
		m := mask.New()
		m.Private("user", "anna")
		m.Private("host", "mybox.example.org")
		m.Private("host", "mybox")
		m.Root("/home/anna")
		m.Text(tt.in)
		if got := renamed(m.Text(tt.in)); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"ExecStart=/home/anna/bin/spacedrived --data-dir /home/anna/x y --stdio", "ExecStart=/home/user-1/bin/spacedrived --data-dir /home/user-1/name-1 --stdio"},
		{"ExecStart={ path=/opt/x/spacedrived ; argv[]=/opt/x/spacedrived ; pid=7 }", "ExecStart={ path=/opt/name-1/spacedrived ; argv[]=/opt/name-1/spacedrived ; pid=7 }"},
		{"Environment=HOME=/home/anna PATH=/usr/bin:/home/anna/bin", "Environment=HOME=/home/user-1 PATH=/usr/bin:/home/user-1/bin"},
		{`Environment="A=/srv/Meine Firma" B=/srv/Meine\x20Firma`, `Environment="A=value-1" B=value-1`},
		{`Environment=TOKEN=hunter2 "PASS=a \"b\" c" 'X=d e' Y="f g" $'Z=h\ni' j` + "\nUser=k", `Environment=TOKEN=value-1 "PASS=value-2" 'X=value-3' Y="value-4" $'Z=value-5' value-6` + "\nUser=k"},
		{"Environment=A=hunter2 \\\n  B=geheim\nType=notify", "Environment=A=value-1    B=value-2\nType=notify"},
		{"# Environment = A=hunter2\nSetCredential=pw:hunter3\nStatusText=hunter2", "# Environment = A=value-1\nSetCredential=pw:value-2\nStatusText=value-1"},
		{"Environment=SPACEDRIVE_LOG=debug XDG_DATA_HOME=/home/anna/x SPACEDRIVE_LIBRARY=Familie EMPTY=", "Environment=SPACEDRIVE_LOG=debug XDG_DATA_HOME=/home/user-1/name-1 SPACEDRIVE_LIBRARY=value-1 EMPTY="},
		{"     Loaded: loaded (/home/anna/.config/systemd/user/spacedrive.socket; enabled; preset: enabled)", "     Loaded: loaded (/home/user-1/.config/systemd/user/spacedrive.socket; enabled; preset: enabled)"},
		{"     CGroup: /user.slice/user-1000.slice/user@1000.service/app.slice/spacedrive.service", "     CGroup: /user.slice/user-1000.slice/user@1000.service/app.slice/spacedrive.service"},
		{"Nov 23 22:00:00 mybox spacedrived[7]: starting", "Nov 23 22:00:00 host-1 spacedrived[7]: starting"},
		{"Listen: /home/anna/.local/share/spacedrive/daemon/daemon.sock (Stream)", "Listen: /home/user-1/.local/share/spacedrive/daemon/daemon.sock (Stream)"},
	} {
		m := mask.New()
		m.Private("user", "anna")
		m.Private("host", "mybox")
		if got := renamed(m.Units(tt.in)); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.in, got, tt.want)
		}
	}
}

// renamed writes pseudonyms as their kind and number, in the order in which
// they come.
var pseudonym = regexp.MustCompile(`(name|user|host|key|value)-[0-9a-f]{6,}`)

func renamed(s string) string {
	seen := make(map[string]string)
	count := make(map[string]int)
	return pseudonym.ReplaceAllStringFunc(s, func(token string) string {
		if seen[token] == "" {
			kind, _, _ := strings.Cut(token, "-")
			count[kind]++
			seen[token] = fmt.Sprintf("%s-%d", kind, count[kind])
		}
		return seen[token]
	})
}

func TestJSON(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"words of the programs", `{"state":"open","level":"info","method":"core.status"}`, `{"level":"info","method":"core.status","state":"open"}`},
		{"what nothing is known of", `{"data":{"comment":"Tagebuch","pid":7,"on":true}}`, `{"data":{"comment":"name-1","on":true,"pid":7}}`},
		{"names", `[{"name":"Tagebuch"},{"name":"default"},{"name":"Tagebuch.pdf"}]`, `[{"name":"name-1"},{"name":"default"},{"name":"name-1.pdf"}]`},
		{"paths", `{"paths":["/home/x/Tagebuch","bin/Tagebuch"],"other":"/srv/Tagebuch.doc"}`, `{"other":"/srv/name-1.doc","paths":["/home/name-2/name-1","bin/name-1"]}`},
		{"a path that is not UTF-8", `{"path":{"b64":"L3Ntb3RlL0dlaGVpbf8="}}`, `{"path":"/name-1/name-2"}`},
		{"messages", `{"message":"\"Tagebuch\" is at /srv/Tagebuch: gone"}`, `{"message":"\"name-1\" is at /srv/name-1: gone"}`},
		{"keys", `{"Mein Tagebuch":1,"image":{"files":2}}`, `{"image":{"files":2},"key-1":1}`},
		{"a name beside what it stands in", `{"name":"Tagebuch","trace_id":"Tagebuch-1","error":"xTagebuchx"}`, `{"error":"xname-1x","name":"name-1","trace_id":"name-1-1"}`},
		{"a word as a name", `{"name":"server","path":"/srv/server/x","target":"server","error":"the server of serverless"}`, `{"error":"the server of serverless","name":"server","path":"/srv/name-1/name-2","target":"server"}`},
		{"settings", `{"value":"256MiB","a":"5m","b":"1m30s","c":"1.5s","d":"Fotos","e":"0151234567"}`, `{"a":"5m","b":"1m30s","c":"1.5s","d":"name-1","e":"name-2","value":"256MiB"}`},
		{"names of digits", `[{"name":"123-45-6789"},{"library":"+49-170-1234567"},{"name":"1980-05-12.pdf"},{"host":"192.168.1.4"}]`, `[{"name":"name-1"},{"library":"name-2"},{"name":"name-3.pdf"},{"host":"host-1"}]`},
		{"paths of digits", `{"path":"/srv/123-45-6789/1980-05-12.pdf","paths":["d41d8cd98f00b204e9800998ecf8427e/2026/7"]}`, `{"path":"/srv/name-1/name-2.pdf","paths":["name-3/2026/7"]}`},
		{"times beside names of digits", `{"name":"1980-05-12","time":"1980-05-12T00:00:00Z","a":"1980-05-12","b":"1981-05-12","error":"1980-05-12: gone"}`, `{"a":"name-1","b":"1981-05-12","error":"name-1: gone","name":"name-1","time":"1980-05-12T00:00:00Z"}`},
		{"no JSON", `open /srv/Tagebuch: gone`, `open /srv/name-1: gone`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := mask.New()
			m.Lines([]byte(tt.in))
			got := renamed(strings.TrimSuffix(string(m.Lines([]byte(tt.in))), "\n"))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	m := mask.New()
	m.Root("/srv/configured/geheim")
	const in = "# HELP a As configured.\na_configured{instance=\"geheim\",code=\"ok\"} 7\n"
	want := "# HELP a As configured.\na_configured{instance=\"name-1\",code=\"ok\"} 7\n"
	if got := renamed(m.Metrics(in)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOneNameHasOnePseudonymHereAndAnotherThere(t *testing.T) {
	m, other := mask.New(), mask.New()
	const in = `{"path":"/srv/Tagebuch/Tagebuch.pdf"}`
	first := string(m.JSON([]byte(in)))
	if again := string(m.JSON([]byte(in))); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	if elsewhere := string(other.JSON([]byte(in))); elsewhere == first {
		t.Errorf("two maskers have one pseudonym: %s", first)
	}
}

func TestDump(t *testing.T) {
	m := mask.New()
	m.Root("/home/anna/src/geheim")
	const in = "goroutine profile: total 2\n1 @ 0x1 0x2\n#\t0x4902f7\tos/signal.signal_recv+0x97\t/usr/local/go/src/runtime/sigqueue.go:152\n" +
		"#\t0xaa\tgithub.com/x/y.(*T[...]).f.func1+0x4\t/home/anna/src/geheim/y/file.go:7\n\ngoroutine 7 [chan receive, 3 minutes]:\n" +
		"main.f(0xc000, {0x1, 0x2})\n\t/home/anna/src/geheim/main.go:9 +0x1d\ncreated by main.main in goroutine 1\n" +
		"what is \"Tagebuch\" in /home/anna/src/geheim\n"
	want := "goroutine profile: total 2\n1 @ 0x1 0x2\n#\t0x4902f7\tos/signal.signal_recv+0x97\tsigqueue.go:152\n" +
		"#\t0xaa\tgithub.com/x/y.(*T[...]).f.func1+0x4\tfile.go:7\n\ngoroutine 7 [chan receive, 3 minutes]:\n" +
		"main.f(0xc000, {0x1, 0x2})\n\tmain.go:9 +0x1d\ncreated by main.main in goroutine 1\n" +
		"what is \"name-1\" in /home/name-2/name-3/name-4\n"
	if got := renamed(m.Dump(in)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
