package fromgo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spacedrive-go/spacedrive/contrib/cddl/fromgo"
)

func operations(t *testing.T, source string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "api.go"), []byte("package api\n"+source), 0o644); err != nil {
		t.Fatal(err)
	}
	return fromgo.Operations(dir)
}

func TestADeclarationBecomesRules(t *testing.T) {
	got, err := operations(t, `
var Paint = protocol.LibraryAction[PaintInput, Painted]("walls.paint", "Paint a wall").Explicit()

// A Colour is what there is in the shop.
type Colour string

const (
	Red  Colour = "red"
	Blue Colour = "blue"
)

// PaintInput says which wall.
type PaintInput struct {
	Wall  ID        `+"`json:\"wall\" jsonschema:\"of this house\"`"+`
	Until time.Time `+"`json:\"until,omitzero\"`"+`
	Page
}

type Page struct {
	Limit int `+"`json:\"limit,omitzero\"`"+`
}

type Painted struct {
	Coats  []Colour       `+"`json:\"coats\"`"+`
	By     *Painter       `+"`json:\"by\"`"+`
	Litres map[string]any `+"`json:\"litres\"`"+`
	At     time.Time      `+"`json:\"at\"`"+`
}

type Painter struct {
	Error *protocol.Error `+"`json:\"error,omitzero\"`"+`
}
`)
	if err != nil {
		t.Fatal(err)
	}
	const want = `; Paint a wall (with library_id)
$call /= explicit-action<("walls.paint" / "action:walls.paint.input.v1"), paint-input>
walls.paint-answer = answer<painted>

; A Colour is what there is in the shop.
colour = "red" / "blue"

; PaintInput says which wall.
paint-input = {
  wall: id, ; of this house
  ? until: date-time,
  ? limit: int,
}

painted = {
  coats: [* colour],
  by: painter / null,
  litres: { * tstr => any },
  at: time,
  * $$more,
}

painter = {
  ? error: failure,
  * $$more,
}

`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatHasNoRuleIsAnError(t *testing.T) {
	for want, source := range map[string]string{
		"part of calls and of answers": `var A = protocol.CoreQuery[Thing, Thing]("a.b", "Help")
			type Thing struct{ N int ` + "`json:\"n\"`" + ` }`,
		"Thing is not declared": `var A = protocol.CoreQuery[Thing, Thing]("a.b", "Help")`,
		"no key": `var A = protocol.CoreQuery[Thing, Other]("a.b", "Help")
			type Thing struct{ N int }
			type Other struct{}`,
		"no rule for the type url.URL": `var A = protocol.CoreQuery[Thing, Other]("a.b", "Help")
			type Thing struct{ N url.URL ` + "`json:\"n\"`" + ` }
			type Other struct{}`,
	} {
		if _, err := operations(t, source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one that says %q", err, want)
		}
	}
}
