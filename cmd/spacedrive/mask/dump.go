package mask

import "strings"

// dumpLine matches the lines of a list of goroutines, as runtime/pprof and
// runtime/debug.Stack write them, whose words are all of source code.
var dumpLine = lazy(`^(?:goroutine profile: total \d+|goroutine \d+ \[[a-zA-Z ,()\d]+\]:|\d+ @(?: 0x[0-9a-f]+)+|` +
	`#?\s*(?:0x[0-9a-f]+\s+)?(?:created by )?[\w./*()\[\]{}%!…·@~-]+(?:\([^"]*\))?(?:\+0x[0-9a-f]+)?(?: in goroutine \d+)?(?:\s+@:\d+(?: \+0x[0-9a-f]+)?)?|\s*@:\d+(?: \+0x[0-9a-f]+)?|)$`)

// sourceFile matches the path of a source file, with its line.
var sourceFile = lazy(`(\s|^)(?:/[^\t\n]*/)?([\w.-]+\.(?:go|s)):(\d+)`)

// Dump masks a list of goroutines. Of the paths of source files, which are
// those of who built the program, the last name stays.
func (m *Masker) Dump(s string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		if dumpLine().MatchString(sourceFile().ReplaceAllString(line, "$1@:$3")) {
			out.WriteString(sourceFile().ReplaceAllString(line, "$1$2:$3"))
		} else {
			out.WriteString(m.Text(line))
		}
		out.WriteByte('\n')
	}
	return out.String()
}
