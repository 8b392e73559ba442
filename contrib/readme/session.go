package readme

import (
	"regexp"
	"strings"
)

// A Step of a session is a command and what it prints, stdout and stderr
// together, as a terminal shows them.
type Step struct {
	Command string
	Output  string
	Line    int // of the command in the document
}

// Session takes a block apart that shows a terminal: lines that begin with "$ "
// are commands, what follows each is its output.
func Session(b Block) []Step {
	var steps []Step
	for i, line := range strings.Split(b.Text, "\n") {
		command, ok := strings.CutPrefix(line, "$ ")
		switch {
		case ok:
			steps = append(steps, Step{Command: command, Line: b.Line + i})
		case len(steps) > 0:
			steps[len(steps)-1].Output += line + "\n"
		}
	}
	return steps
}

// Fits reports whether a command printed what the document says. There … stands
// for anything within a line, and for any number of lines where it is the line.
func (s Step) Fits(printed string) bool {
	var re strings.Builder
	for line := range strings.Lines(s.Output) {
		line = strings.TrimSpace(line)
		if line == "…" {
			re.WriteString(`(?:.*\n)*?`)
			continue
		}
		parts := strings.Split(line, "…")
		for i := range parts {
			parts[i] = blanks.ReplaceAllString(regexp.QuoteMeta(parts[i]), `[ \t]+`)
		}
		re.WriteString(`[ \t]*` + strings.Join(parts, `.*`) + `[ \t]*\n`)
	}
	if printed != "" && !strings.HasSuffix(printed, "\n") {
		printed += "\n"
	}
	return regexp.MustCompile(`^` + re.String() + `$`).MatchString(printed)
}

// blanks are as many in a column as the longest word needs, which another run
// may have another of.
var blanks = regexp.MustCompile(` +`)
