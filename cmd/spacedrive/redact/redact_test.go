package redact

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

var update = flag.Bool("update", false, "write messages.txt")

// TestMessages keeps messages.txt to what the daemon's source logs.
func TestMessages(t *testing.T) {
	var found []string
	for _, kind := range []protocol.Kind{protocol.Query, protocol.Action} {
		found = append(found, string(kind)+" answered", string(kind)+" failed")
	}
	for _, status := range []api.JobStatus{api.JobPaused, api.JobCompleted, api.JobFailed, api.JobCancelled} {
		found = append(found, "a job is "+string(status))
	}
	for _, dir := range []string{"../../../service", "../../spacedrived"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err == nil {
				found = append(found, logged(file)...)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(found)
	text := strings.Join(slices.Compact(found), "\n") + "\n"
	if *update {
		if err := os.WriteFile("messages.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		messages = text
	}
	if text != messages {
		t.Errorf("messages.txt is not what the daemon logs; go generate writes it:\n%s", text)
	}
}

// logged returns the constant beginnings of the messages that a file logs.
func logged(file *ast.File) (messages []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || method.Sel.Name != "Msg" && method.Sel.Name != "Msgf" {
			return true
		}
		arg := call.Args[0]
		for {
			sum, ok := arg.(*ast.BinaryExpr)
			if !ok {
				break
			}
			arg = sum.X
		}
		if lit, ok := arg.(*ast.BasicLit); ok {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				text, _, _ = strings.Cut(text, "%")
				messages = append(messages, strings.TrimRight(text, ": "))
			}
		}
		return true
	})
	return messages
}

func names() *Names {
	n := new(Names)
	n.Add("user", "ann")
	n.Add("library", "Divorce")
	n.Add("home", "/home/ann")
	n.Add("location", "/home/ann/Divorce papers")
	n.Add("instance", "work")
	return n
}

func TestTextPassesByAllowList(t *testing.T) {
	const uuid = "0198c5f0-0000-7000-8000-000000000001"
	for _, c := range []struct{ field, in, want string }{
		{"name", "Divorce", "library-1"},
		{"name", "Something else", LeftOut},
		{"name", "", ""},
		{"path", "/home/ann/Divorce papers", "location-1"},
		{"path", "/home/ann/Divorce papers/secret.pdf", "location-1/…"},
		{"path", "/home/ann/Divorce papers 2", "home-1/…"},
		{"path", "/srv/secret", LeftOut},
		{"path", "relative/secret", LeftOut},
		{"state", "open", "open"},
		{"state", "open the door", LeftOut},
		{"state", "work", "instance-1"},
		{"error", "open", LeftOut},
		{"id", uuid, uuid},
		{"trace_id", "my-secret-words-here", "trace-1"},
		{"trace_id", "", ""},
		{"version", "1.2.3-4+abc", "1.2.3-4+abc"},
	} {
		if got := names().Text(c.field, c.in); got != c.want {
			t.Errorf("%s %q is shown as %q, want %q", c.field, c.in, got, c.want)
		}
	}
}

func TestLines(t *testing.T) {
	for in, want := range map[string]string{
		"stopped": "stopped",
		"action failed: there is a library named \"Divorce\" already": "action failed",
		"Main process exited": LeftOut,
	} {
		got, err := names().Line(map[string]any{
			"message": in, "level": "info", "took_ms": 1.5, "error": "open /x", "Divorce": "x", "code": "not found at all", "kind": map[string]any{"Divorce": 1.0},
		})
		if expect := `{"code":"` + LeftOut + `","level":"info","message":"` + want + `","took_ms":1.5}`; err != nil || string(got) != expect {
			t.Errorf("%q is reduced to %s, error %v; want %s", in, got, err, expect)
		}
	}
}

func TestMetricsAndStacks(t *testing.T) {
	in := "# HELP a Divorce\na{instance=\"work\",method=\"core.status\",x=\"Diary\",le=\"+Inf\"} 1e+06\nb 2\nno sample\n"
	want := "a{instance=\"instance-1\",method=\"core.status\",x=\"" + LeftOut + "\",le=\"+Inf\"} 1e+06\nb{} 2\n"
	if got := string(names().Metrics(in)); got != want {
		t.Errorf("the metrics are\n%s\nwant\n%s", got, want)
	}
	in = "goroutine profile: total 3\n2 @ 0x1 0xab\n# labels: {\"x\":\"Divorce\"}\n#\t0x1\tmain.(*conn).serve+0x2f\t\t\t/home/ann/Divorce/conn.go:12\n\nDivorce\n"
	if got, want := string(Stacks(in)), "2 goroutines:\n\tmain.(*conn).serve\tconn.go:12\n"; got != want {
		t.Errorf("the stacks are %q, want %q", got, want)
	}
}

// FuzzRedact checks that a secret never passes, whatever it stands in: it is no
// single word.
func FuzzRedact(f *testing.F) {
	f.Add("state", "/home/ann/", `{b="`)
	f.Add("message", "stopped: ", `"} 1`)
	f.Add("trace_id", `\`, "\n#\t0x1\tmain.f+0x2\t/a/b.go:3\n")
	f.Fuzz(func(t *testing.T, field, before, after string) {
		const secret = "Zq secret"
		n, text := names(), before+secret+after
		doc, err := n.JSON(map[string]any{"a": []any{text}, "state": text, "path": before + secret})
		line, lineErr := n.Line(map[string]any{field: text, "message": text, "level": text})
		if err == nil && !jsontext.Value(doc).IsValid() || lineErr == nil && !jsontext.Value(line).IsValid() {
			t.Fatalf("not JSON: %s, %s", doc, line)
		}
		for _, out := range []string{n.Text(field, text), string(doc), string(line), string(n.Metrics(text)), string(n.Metrics("a{" + text + "} 1")), string(Stacks(text))} {
			if strings.Contains(out, secret) {
				t.Fatalf("%q passes: %q", text, out)
			}
		}
	})
}
