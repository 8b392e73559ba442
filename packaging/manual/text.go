package manual

import "strings"

// A Text describes a command, a program or a file, in a small subset of Markdown:
//
//   - "# Name" is the first line; the first paragraph is the summary.
//   - Empty lines separate paragraphs.
//   - Lines indented by four spaces are shown as they are: commands, say.
//   - "- `term`: text" explains a term; its other lines are indented by two.
//   - "## Heading" begins a section.
//   - `code`, 'code', --options and references such as find(1) become bold.
type Text struct {
	Name    string // such as "spacedrive search"
	Summary string // one sentence
	Intro   string // what stands before the first section

	Sections []Section
}

// A Section is a part of a text with a heading.
type Section struct{ Title, Body string }

// Sections of a text that are sections of its page; all others are a part of
// the description, or are about a command below this one.
const (
	ExitStatus  = "Exit status"
	Environment = "Environment"
	Files       = "Files"
	Examples    = "Examples"
	SeeAlso     = "See also"
)

// Parse reads a text.
func Parse(markdown string) Text {
	parts := strings.Split("\n"+markdown, "\n## ")
	name, rest, _ := strings.Cut(strings.TrimPrefix(parts[0], "\n# "), "\n")
	summary, intro, _ := strings.Cut(strings.Trim(rest, "\n"), "\n\n")
	t := Text{Name: name, Summary: strings.ReplaceAll(summary, "\n", " "), Intro: intro}
	for _, part := range parts[1:] {
		title, body, _ := strings.Cut(part, "\n")
		t.Sections = append(t.Sections, Section{title, strings.Trim(body, "\n")})
	}
	return t
}

// Section returns the section with the title, "" where there is none.
func (t Text) Section(title string) string {
	for _, s := range t.Sections {
		if s.Title == title {
			return s.Body
		}
	}
	return ""
}

// An Example is a command, and what it does.
type Example struct{ Does, Command string }

// Examples returns those of the section Examples: each is a paragraph with
// indented lines below it.
func (t Text) Examples() []Example {
	var all []Example
	does := ""
	for block := range strings.SplitSeq(t.Section(Examples), "\n\n") {
		if isLiteral(block) {
			all = append(all, Example{does, literalLines(block)})
		} else {
			does = strings.TrimSuffix(strings.ReplaceAll(block, "\n", " "), ":")
		}
	}
	return all
}

const indent = "    "

func isLiteral(block string) bool { return strings.HasPrefix(block, indent) }

// literalLines removes the indent of a block.
func literalLines(block string) string {
	return strings.TrimPrefix(strings.ReplaceAll(block, "\n"+indent, "\n"), indent)
}
