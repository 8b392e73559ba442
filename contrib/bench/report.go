package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
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

	// At most one of these is the row's target.
	MaxRatio float64 `json:"max_ratio,omitzero"`
	Max      float64 `json:"max,omitzero"`

	Skipped string `json:"skipped,omitzero"` // why there are no figures
}

// A summary stands for a series of figures.
type summary struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	P99    float64 `json:"p99,omitzero"` // of a hundred figures or more
	Count  int     `json:"count"`
}

// summarise sorts all and returns its summary.
func summarise(all []float64) summary {
	if len(all) == 0 {
		return summary{}
	}
	slices.Sort(all)
	at := func(q float64) float64 { return all[int(q*float64(len(all)-1)+0.5)] }
	s := summary{Median: at(0.5), Min: all[0], Max: all[len(all)-1], Count: len(all)}
	if len(all) >= 100 {
		s.P99 = at(0.99)
	}
	return s
}

// compare returns the row of two series.
func compare(name, unit string, ours []float64, beside string, theirs []float64, maxRatio float64) row {
	r := row{Name: name, Unit: unit, Ours: summarise(ours), Beside: beside, Theirs: summarise(theirs), MaxRatio: maxRatio}
	if r.Theirs.Median > 0 {
		r.Ratio = r.Ours.Median / r.Theirs.Median
	}
	return r
}

// missed reports whether the row has a target and does not reach it.
func (r row) missed() bool {
	return r.Skipped == "" && (r.MaxRatio > 0 && r.Ratio > r.MaxRatio || r.Max > 0 && r.Ours.Median > r.Max)
}

func (r row) target() string {
	text := ""
	switch {
	case r.MaxRatio > 0:
		text = "≤ " + figure(r.MaxRatio) + " times"
	case r.Max > 0:
		text = "≤ " + figure(r.Max) + " " + r.Unit
	default:
		return ""
	}
	if r.Skipped != "" {
		return text
	}
	if r.missed() {
		return text + ", MISSED"
	}
	return text + ", met"
}

// print writes the report as a table.
func (r report) print(w io.Writer) error {
	m := r.Machine
	fmt.Fprintf(w, "%s, %d cores, %s memory; %s; %s\n", m.CPU, m.Cores, m.Memory, m.Kernel, m.Go)
	fmt.Fprintf(w, "Medians, with the least and the greatest of so many figures.\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "WHAT\tSPACEDRIVE\tBESIDE IT\tRATIO\tTARGET")
	for _, row := range r.Rows {
		switch {
		case row.Skipped != "":
			fmt.Fprintf(t, "%s\tNOT MEASURED: %s\t\t\t%s\n", row.Name, row.Skipped, row.target())
		case row.Beside == "":
			fmt.Fprintf(t, "%s\t%s\t\t\t%s\n", row.Name, row.Ours.text(row.Unit), row.target())
		default:
			fmt.Fprintf(t, "%s\t%s\t%s %s\t%.2f\t%s\n", row.Name, row.Ours.text(row.Unit),
				row.Beside, row.Theirs.text(row.Unit), row.Ratio, row.target())
		}
	}
	return t.Flush()
}

func (s summary) text(unit string) string {
	if s.Count < 2 {
		return figure(s.Median) + " " + unit
	}
	text := fmt.Sprintf("%s %s (%s..%s", figure(s.Median), unit, figure(s.Min), figure(s.Max))
	if s.P99 > 0 {
		text += ", p99 " + figure(s.P99)
	}
	return text + fmt.Sprintf("; %d)", s.Count)
}

// figure writes three digits, or all before the point.
func figure(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10 && v != float64(int64(v)):
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
