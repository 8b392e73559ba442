package manual

import "strings"

// A Text is prose in the format of Go's doc comments, and a little more:
//
//   - Paragraphs are set apart by empty lines.
//   - An indented line is shown as it stands: a command, say.
//   - A line that an indented one follows directly, and that does not end with
//     a colon, is a term, and what is indented explains it.
//   - "# Heading" begins a section: those of a man page (Examples, Files,
//     Environment, Exit status, See also) are sections of the page, all others
//     stand in its description.
//   - 'words' in quotes, --options, and references such as find(1) are set in
//     bold.
type Text string

// The sections of a page that a text may have, in small letters.
const (
	examples    = "examples"
	environment = "environment"
	files       = "files"
	exitStatus  = "exit status"
	seeAlso     = "see also"
)

// section returns a section of the text, "" for what stands before the first
// one and in those that are no section of a page, with their headings.
func (t Text) section(name string) Text {
	var part strings.Builder
	in := ""
	for line := range strings.Lines(string(t)) {
		if heading, ok := strings.CutPrefix(line, "# "); ok {
			switch heading = strings.ToLower(strings.TrimSpace(heading)); heading {
			case examples, environment, files, exitStatus, seeAlso:
				in = heading
				continue
			}
			in = ""
		}
		if in == name {
			part.WriteString(line)
		}
	}
	return Text(strings.Trim(part.String(), "\n"))
}

// An Example is a command, and what it does.
type Example struct{ Does, Command string }

// Examples returns those of the section Examples: each is a paragraph with
// indented lines below it.
func (t Text) Examples() []Example {
	var all []Example
	does := ""
	for _, b := range t.section(examples).blocks() {
		switch b.kind {
		case paragraph:
			does = strings.TrimSuffix(strings.Join(b.lines, " "), ":")
		case literal:
			all = append(all, Example{does, strings.Join(b.lines, "\n")})
		}
	}
	return all
}

// A block is a part of a text that is set as a whole.
type block struct {
	kind  blockKind
	term  string
	lines []string
}

type blockKind int

const (
	paragraph blockKind = iota
	literal             // lines as they stand
	tagged              // lines that explain term
	title               // term alone
)

// blocks cuts the text.
func (t Text) blocks() []block {
	var all []block
	fresh := true // a new block begins
	add := func(b block) { all, fresh = append(all, b), false }
	for line := range strings.Lines(string(t)) {
		line = strings.TrimRight(line, " \t\n")
		inner := strings.TrimLeft(line, " \t")
		last := len(all) - 1
		switch {
		case line == "":
			fresh = true
		case strings.HasPrefix(line, "# "):
			add(block{kind: title, term: line[2:]})
			fresh = true
		case inner == line && !fresh && all[last].kind == paragraph:
			all[last].lines = append(all[last].lines, line)
		case inner == line:
			add(block{kind: paragraph, lines: []string{line}})
		case !fresh && all[last].kind == paragraph && len(all[last].lines) == 1 && !strings.HasSuffix(all[last].lines[0], ":"):
			all[last] = block{kind: tagged, term: all[last].lines[0], lines: []string{inner}}
		case !fresh && all[last].kind == tagged:
			all[last].lines = append(all[last].lines, inner)
		case !fresh && all[last].kind == literal:
			all[last].lines = append(all[last].lines, line)
		default:
			add(block{kind: literal, lines: []string{line}})
		}
	}
	for i := range all {
		if all[i].kind == literal {
			all[i].lines = outdented(all[i].lines)
		}
	}
	return all
}

// outdented takes away the indent that all lines have.
func outdented(lines []string) []string {
	indent := len(lines[0])
	for _, line := range lines {
		indent = min(indent, len(line)-len(strings.TrimLeft(line, " \t")))
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = line[indent:]
	}
	return out
}
