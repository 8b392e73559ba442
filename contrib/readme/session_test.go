package readme

import "testing"

func TestSession(t *testing.T) {
	const page = "# A\n\n```console root stale\n$ one --flag\nfirst\n  second\n$ two\n…\nok  a   b\n$ three\n```\n"
	blocks := Blocks(page)
	if len(blocks) != 1 || blocks[0].Kind != "console" || blocks[0].Note != "root stale" {
		t.Fatalf("%+v", blocks)
	}
	steps := Session(blocks[0])
	if len(steps) != 3 || steps[0].Command != "one --flag" || steps[0].Line != 4 || steps[1].Output != "…\nok  a   b\n" || steps[2].Output != "" {
		t.Fatalf("%+v", steps)
	}
}

func TestFits(t *testing.T) {
	for name, test := range map[string]struct {
		says, printed string
		want          bool
	}{
		"the same":                  {"a\nb\n", "a\nb\n", true},
		"without the last end":      {"a\n", "a", true},
		"a line more":               {"a\n", "a\nb\n", false},
		"a line less":               {"a\nb\n", "a\n", false},
		"nothing":                   {"", "", true},
		"something for nothing":     {"", "a\n", false},
		"within a line":             {"pid … at x\n", "pid 12 at x\n", true},
		"not over lines":            {"pid … at x\n", "pid 12\nat x\n", false},
		"any lines":                 {"…\nb\n…\n", "a\na\nb\nc\n", true},
		"no lines":                  {"…\nb\n…\n", "b\n", true},
		"a part of a line":          {"…\nb\n…\n", "ab\n", false},
		"other columns":             {"ok  a  b\n", "ok     a b\n", true},
		"indented":                  {"  hint\n", "      hint\n", true},
		"letters that mean nothing": {"a.b (c)*\n", "axb (c)*\n", false},
	} {
		if got := (Step{Output: test.says}).Fits(test.printed); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
