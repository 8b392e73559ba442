package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A report is the result of one run.
type report struct {
	Machine machine `json:"machine"`
	Rows    []row   `json:"rows"`
}

// A row is one thing that was measured.
type row struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"` // of all figures
	Ours   summary `json:"spacedrive"`
	Beside string  `json:"beside,omitzero"` // what it is compared with
	Theirs summary `json:"baseline,omitzero"`
	Ratio  float64 `json:"ratio,omitzero"` // of the medians

	Target  target `json:",inline"`
	Skipped string `json:"skipped,omitzero"` // why there are no figures
}

// A target is what a row is to reach; at most one of its fields is set.
type target struct {
	MaxRatio float64 `json:"max_ratio,omitzero"`
	MinRatio float64 `json:"min_ratio,omitzero"`
	Max      float64 `json:"max,omitzero"` // of our median
	Min      float64 `json:"min,omitzero"`
}

// A summary stands for a series of figures.
type summary struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	P99    float64 `json:"p99,omitzero"` // of a hundred figures or more
	Count  int     `json:"count"`
}

// summarise returns the summary of all, which it sorts.
func summarise(all []float64) summary {
	if len(all) == 0 {
		return summary{}
	}
	s := summary{Median: quantile(all, 0.5), Min: slices.Min(all), Max: slices.Max(all), Count: len(all)}
	if len(all) >= 100 {
		s.P99 = quantile(all, 0.99)
	}
	return s
}

// quantile returns the figure that the part q of all are not above. It sorts
// all, of which there must be some.
func quantile(all []float64, q float64) float64 {
	slices.Sort(all)
	return all[int(q*float64(len(all)-1)+0.5)]
}

// compare returns the row of two series.
func compare(name, unit string, ours []float64, beside string, theirs []float64, t target) row {
	r := row{Name: name, Unit: unit, Ours: summarise(ours), Beside: beside, Theirs: summarise(theirs), Target: t}
	if r.Theirs.Median > 0 {
		r.Ratio = r.Ours.Median / r.Theirs.Median
	}
	return r
}

// beside returns the row of two sides.
func beside(name, unit string, ours, theirs *side, t target) row {
	r := compare(name, unit, ours.figures, theirs.name, theirs.figures, t)
	r.Skipped = first(ours.skipped, theirs.skipped)
	return r
}

// tails returns the row of two sides' slowest calls: of the 99th percentiles of
// their rounds.
func tails(name, unit string, ours, theirs *side, t target) row {
	r := compare(name+", p99", unit, ours.p99, theirs.name, theirs.p99, t)
	r.Skipped = first(ours.skipped, theirs.skipped)
	return r
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// text returns the target and whether the row meets it.
func (t target) text(r row) string {
	aim, met := "", false
	switch {
	case t.MaxRatio > 0:
		aim, met = "≤ "+figure(t.MaxRatio)+" times", r.Ratio <= t.MaxRatio
	case t.MinRatio > 0:
		aim, met = "≥ "+figure(t.MinRatio)+" times", r.Ratio >= t.MinRatio
	case t.Max > 0:
		aim, met = "≤ "+figure(t.Max)+" "+r.Unit, r.Ours.Median <= t.Max
	case t.Min > 0:
		aim, met = "≥ "+figure(t.Min)+" "+r.Unit, r.Ours.Median >= t.Min
	}
	switch {
	case aim == "" || r.Skipped != "":
		return aim
	case met:
		return aim + ", met"
	}
	return aim + ", MISSED"
}

// print writes the report as a table.
func (r report) print(w io.Writer) error {
	m := r.Machine
	fmt.Fprintf(w, "%s, %d cores, %s memory; %s; %s\n", m.CPU, m.Cores, m.Memory, m.Kernel, m.Go)
	fmt.Fprintf(w, "Medians, with the least and the greatest of so many figures.\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "WHAT\tSPACEDRIVE\tBESIDE IT\tRATIO\tTARGET")
	last := row{}
	for _, row := range r.Rows {
		name, ours, theirs, ratio := row.Name, row.Ours.text(row.Unit), "", ""
		if name == last.Name && row.Ours == last.Ours {
			name, ours = "", "" // the same, beside another
		}
		if row.Beside != "" {
			theirs, ratio = row.Beside+" "+row.Theirs.text(row.Unit), figure(row.Ratio)
		}
		if row.Skipped != "" {
			theirs, ratio = strings.TrimSpace(row.Beside+" NOT MEASURED: "+oneLine(row.Skipped)), ""
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", name, ours, theirs, ratio, row.Target.text(row))
		last = row
	}
	return t.Flush()
}

// oneLine returns the beginning of a text of any length.
func oneLine(text string) string {
	const most = 60 // characters, for a table
	chars := []rune(strconv.Quote(text))
	return string(chars[1:min(len(chars)-1, most)])
}

func (s summary) text(unit string) string {
	if s.Count == 0 {
		return ""
	}
	if s.Count == 1 {
		return figure(s.Median) + " " + unit
	}
	text := fmt.Sprintf("%s %s (%s..%s", figure(s.Median), unit, figure(s.Min), figure(s.Max))
	if s.P99 > 0 {
		text += ", p99 " + figure(s.P99)
	}
	return text + fmt.Sprintf("; %d)", s.Count)
}

// figure writes three digits, or all before the point, thousands and millions
// as such.
func figure(v float64) string {
	switch {
	case v >= 1e6:
		return figure(v/1e6) + " M"
	case v >= 1e4:
		return figure(v/1e3) + " k"
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10 && v != float64(int64(v)):
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
