package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

// activations is how many first connections are timed.
const activations = 30

// activation measures the first connection to a daemon that systemd starts on
// it, up to the answer. The systemd lab does it, beside its tests.
func (b *bench) activation(ctx context.Context) ([]row, error) {
	r := row{Name: "first connection, by systemd", Unit: "ms", Target: target{Max: 60}}
	cmd := exec.CommandContext(ctx, "go", "test", module+"/contrib/systemd-lab",
		"-run", "^$", "-bench", "FirstConnection", "-benchtime", fmt.Sprintf("%dx", activations))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	if why := labMissing.FindSubmatch(out); why != nil {
		r.Skipped = "no systemd lab here: " + string(why[1])
		b.say("NOT MEASURED: %s: %s", r.Name, r.Skipped)
		return []row{r}, nil
	}
	if r.Ours, err = labFigures(out); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	return []row{r}, nil
}

// labMissing finds why the lab measured nothing.
var labMissing = regexp.MustCompile(`NOT TESTED under systemd: (.*)`)

// labFigures reads a benchmark's line, which has a metric for each figure:
// "28.1 median-ms".
func labFigures(out []byte) (s summary, err error) {
	figures := map[string]*float64{"min-ms": &s.Min, "median-ms": &s.Median, "max-ms": &s.Max}
	found := 0
	fields := bytes.Fields(out)
	for i, name := range fields {
		dst := figures[string(name)]
		if dst == nil || i == 0 {
			continue
		}
		if *dst, err = strconv.ParseFloat(string(fields[i-1]), 64); err != nil {
			return s, err
		}
		found++
	}
	if found != len(figures) {
		return s, fmt.Errorf("the lab's benchmark prints no figures")
	}
	s.Count = activations
	return s, nil
}
