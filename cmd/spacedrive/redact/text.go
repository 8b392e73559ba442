package redact

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	sample = regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? ([0-9.eE+-]+|NaN|[+-]Inf)$`)
	label  = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)
	call   = regexp.MustCompile(`(?m)^(?:(\d+) @(?: 0x[0-9a-f]+)+|#\t0x[0-9a-f]+\t([\w./*()\[\]·{}-]+)\+0x[0-9a-f]+\t+(?:\S.*/)?([\w.-]+:\d+))$`)
)

// Metrics returns the samples of metrics in the text format of Prometheus, with
// the values of their labels redacted.
func (n *Names) Metrics(text string) []byte {
	var out []byte
	for _, m := range sample.FindAllStringSubmatch(text, -1) {
		var labels []string
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, l[1]+"="+strconv.Quote(n.Text(l[1], l[2])))
		}
		out = append(out, m[1]+"{"+strings.Join(labels, ",")+"} "+m[3]+"\n"...)
	}
	return out
}

// Stacks returns the counts, functions, and last parts of the files' paths of a
// list of goroutines, as runtime/pprof writes it with debug=1.
func Stacks(dump string) []byte {
	var out []byte
	for _, m := range call.FindAllStringSubmatch(dump, -1) {
		if m[1] != "" {
			out = append(out, m[1]+" goroutines:\n"...)
		} else {
			out = append(out, "\t"+m[2]+"\t"+m[3]+"\n"...)
		}
	}
	return out
}
