package main

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// Everything but activation, which has a test of its own in the systemd lab,
// at a size that takes seconds. How long anything takes is not looked at.
func TestEveryPartMeasures(t *testing.T) {
	var only []string
	for _, part := range partNames() {
		if part != "activation" {
			only = append(only, part)
		}
	}
	r, err := measure(t.Context(), options{Only: only, Files: 500, Rounds: 2, Calls: 20, Runs: 3})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range r.Rows {
		name := strings.Join(strings.Fields(sizes.ReplaceAllString(row.Name, "")+" | "+row.Beside), " ")
		names = append(names, name)
		switch {
		case row.Skipped != "" && missing(row.Beside):
			t.Logf("NOT MEASURED: %s: %s", name, row.Skipped)
		case row.Skipped != "":
			t.Errorf("%s is skipped: %s", name, row.Skipped)
		case !sane(row.Ours) || row.Beside != "" && (!sane(row.Theirs) || row.Ratio <= 0):
			t.Errorf("%s: %+v, %+v, ratio %v", name, row.Ours, row.Theirs, row.Ratio)
		}
	}
	golden(t, names)

	var table bytes.Buffer
	if err := r.print(&table); err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if !strings.Contains(table.String(), row.Name) || !strings.Contains(table.String(), row.Beside) {
			t.Errorf("the table lacks %q beside %q:\n%s", row.Name, row.Beside, &table)
		}
	}
	if text, err := json.Marshal(r); err != nil || !strings.Contains(string(text), `"median":`) || !strings.Contains(string(text), `"min_ratio":`) {
		t.Errorf("as JSON it is %s, %v", text, err)
	}
}

// sizes stand in names, and change with the encoders.
var sizes = regexp.MustCompile(`, [0-9.]+ MB| [0-9]+ hits$`)

// sane reports whether s is the summary of some figures.
func sane(s summary) bool {
	return s.Count > 0 && s.Min > 0 && s.Min <= s.Median && s.Median <= s.Max
}

// missing reports whether a peer is a program that is not installed.
func missing(beside string) bool {
	program := map[string]string{"Redis": "redis-server", "D-Bus": "dbus-daemon"}[beside]
	if program == "" {
		return false
	}
	_, err := exec.LookPath(program)
	return err != nil
}

var update = flag.Bool("update", false, "write the golden file anew")

// golden compares the rows' names with those in testdata/rows.txt.
func golden(t *testing.T, names []string) {
	t.Helper()
	const path = "testdata/rows.txt"
	got := strings.Join(names, "\n") + "\n"
	if start, err := oneCore(); start == nil {
		t.Logf("NOT COMPARED: the rows' names tell that %v", err)
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the rows are\n%s\nand not\n%s", got, want)
	}
}

func TestAPartThatThereIsNotIsRefused(t *testing.T) {
	_, err := measure(t.Context(), options{Only: []string{"calls", "cals"}})
	if err == nil || !strings.Contains(err.Error(), `"cals"`) {
		t.Errorf("got %v", err)
	}
}

func TestTheTreeHasTheFilesAskedFor(t *testing.T) {
	count := func(files int) (n int, names string) {
		root := filepath.Join(t.TempDir(), "tree")
		if err := makeTree(t.Context(), root, files); err != nil {
			t.Fatal(err)
		}
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				n++
				names += strings.TrimPrefix(path, root) + "\n"
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n, names
	}
	for _, files := range []int{0, 1, 11, 1000} {
		n, names := count(files)
		if n != files {
			t.Errorf("asked for %d files, got %d", files, n)
		}
		if _, again := count(files); again != names {
			t.Errorf("two trees of %d files differ", files)
		}
	}
}

func TestSummary(t *testing.T) {
	for name, test := range map[string]struct {
		figures []float64
		want    summary
	}{
		"nothing": {nil, summary{}},
		"one":     {[]float64{3}, summary{Median: 3, Min: 3, Max: 3, Count: 1}},
		"three":   {[]float64{9, 1, 2}, summary{Median: 2, Min: 1, Max: 9, Count: 3}},
		"many":    {upTo(101), summary{Median: 50, Min: 0, Max: 100, P99: 99, Count: 101}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := summarise(test.figures); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func upTo(n int) (all []float64) {
	for i := range n {
		all = append(all, float64(n-1-i))
	}
	return all
}

func TestATargetIsMetOrMissed(t *testing.T) {
	for name, test := range map[string]struct {
		row    row
		target string
	}{
		"none":         {row{}, ""},
		"ratio met":    {row{Ratio: 2, Target: target{MaxRatio: 2}}, "≤ 2 times, met"},
		"ratio missed": {row{Ratio: 2.01, Target: target{MaxRatio: 2}}, "≤ 2 times, MISSED"},
		"gain met":     {row{Ratio: 2, Target: target{MinRatio: 2}}, "≥ 2 times, met"},
		"gain missed":  {row{Ratio: 1.99, Target: target{MinRatio: 2}}, "≥ 2 times, MISSED"},
		"rate met":     {row{Unit: "/s", Ours: summary{Median: 5e5}, Target: target{Min: 5e5}}, "≥ 500 k /s, met"},
		"rate missed":  {row{Unit: "/s", Ours: summary{Median: 4e5}, Target: target{Min: 5e5}}, "≥ 500 k /s, MISSED"},
		"limit met":    {row{Unit: "ms", Ours: summary{Median: 59}, Target: target{Max: 60}}, "≤ 60 ms, met"},
		"limit missed": {row{Unit: "ms", Ours: summary{Median: 61}, Target: target{Max: 60}}, "≤ 60 ms, MISSED"},
		"not measured": {row{Target: target{MaxRatio: 2}, Skipped: "no core"}, "≤ 2 times"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.row.Target.text(test.row); got != test.target {
				t.Errorf("got %q, want %q", got, test.target)
			}
		})
	}
}

func TestTheLabsFiguresAreRead(t *testing.T) {
	const printed = `goos: linux
BenchmarkFirstConnection-2   	      30	  13400000 ns/op	        32.80 max-ms	        13.40 median-ms	         9.480 min-ms
PASS
`
	got, err := labFigures([]byte(printed))
	if want := (summary{Median: 13.4, Min: 9.48, Max: 32.8, Count: activations}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := labFigures([]byte("PASS\n")); err == nil {
		t.Error("no figures are taken for some")
	}
}
