package manual

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// A roff is a page in the language of man(7), as it is written.
type roff struct{ strings.Builder }

// macro writes a request with its arguments, each of them one word.
func (r *roff) macro(name string, args ...string) {
	r.WriteString("." + name)
	for _, arg := range args {
		r.WriteString(` "` + verbatim(arg) + `"`)
	}
	r.WriteString("\n")
}

// line writes text that is escaped already, so that it begins no request.
func (r *roff) line(text string) {
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		r.WriteString(`\&`)
	}
	r.WriteString(text + "\n")
}

// paragraph begins one. A heading has begun the first one below it.
func (r *roff) paragraph() {
	last := strings.TrimSuffix(r.String(), "\n")
	last = last[strings.LastIndexByte(last, '\n')+1:]
	if !strings.HasPrefix(last, ".SH") && !strings.HasPrefix(last, ".SS") {
		r.macro("PP")
	}
}

// text writes prose.
func (r *roff) text(t Text) {
	for _, b := range t.blocks() {
		switch b.kind {
		case title:
			r.macro("SS", b.term)
		case paragraph:
			r.paragraph()
			r.lines(b.lines)
		case literal:
			r.literal(b.lines)
		case tagged:
			r.tag(whole + strings.TrimPrefix(wholeWords(prose(b.term)), whole))
			r.lines(b.lines)
		}
	}
}

// tag begins a paragraph with a hanging term, which is escaped already.
func (r *roff) tag(term string) {
	r.macro("TP")
	r.line(term)
}

// lines writes the lines of a paragraph. What is quoted may go over the end of
// a line.
func (r *roff) lines(lines []string) {
	for line := range strings.SplitSeq(prose(strings.Join(lines, "\n")), "\n") {
		r.line(line)
	}
}

// literal writes lines as they stand, set in.
func (r *roff) literal(lines []string) {
	r.paragraph()
	r.macro("RS", "4")
	r.macro("EX")
	for _, line := range lines {
		r.line(verbatim(line))
	}
	r.macro("EE")
	r.macro("RE")
}

func bold(text string) string   { return `\fB` + verbatim(text) + `\fR` }
func italic(text string) string { return `\fI` + verbatim(text) + `\fR` }

// whole begins a word that is not to be cut in two at the end of a line. In the
// middle of a word it would do the contrary.
const whole = `\%`

func wholeWords(text string) string {
	return strings.NewReplacer(" "+whole, " "+whole, " ", " "+whole).Replace(text)
}

// literally has each character come out as itself: without it, roff makes
// typographic ones of some (groff_char(7)).
var literally = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `"`, `\(dq`)

// verbatim escapes what a person may copy to type it.
func verbatim(text string) string { return ascii(literally.Replace(text)) }

// ascii writes all characters beyond ASCII by their code points, which every
// roff understands, whatever the locale.
func ascii(text string) string {
	var b strings.Builder
	for _, c := range text {
		if c < 0x80 {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, c)
		}
	}
	return b.String()
}

// marked finds what prose sets in bold: 'quoted words', --options and -o, and
// references to pages.
// It is compiled when a page is written, not at the start of every command.
var marked = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)(^|[\s(\[/])(?:'([^']+)'|(--?[a-zA-Z0-9][a-z0-9-]*)|([a-z][a-z0-9_.-]*)(\([1-8]\)))`)
})

// prose escapes a sentence and sets in bold what is to be.
func prose(text string) string {
	var b strings.Builder
	at := 0
	for _, m := range marked().FindAllStringSubmatchIndex(text, -1) {
		part := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		b.WriteString(plain(text[at:m[3]], at == 0))
		if strings.TrimSpace(part(1)) == "" { // else it stands within a word
			b.WriteString(whole)
		}
		b.WriteString(wholeWords(bold(part(2) + part(3) + part(4))))
		b.WriteString(part(5))
		at = m[1]
	}
	b.WriteString(plain(text[at:], at == 0))
	return b.String()
}

// plain escapes a sentence without bold parts: hyphens between letters stay
// hyphens, as a line may be broken there; all others, and those in paths, are
// the characters that a keyboard has. Nothing that a person may type is cut in
// two. starts says that the text begins with a word's beginning.
func plain(text string, starts bool) string {
	var b strings.Builder
	for i := range len(text) {
		if (i == 0 && starts || i > 0 && strings.IndexByte(" \n(", text[i-1]) >= 0) && typed(text[i:]) {
			b.WriteString(whole)
		}
		switch c := text[i]; {
		case c == '\\':
			b.WriteString(`\e`)
		case c == '-' && !(i > 0 && letter(text[i-1]) && i+1 < len(text) && letter(text[i+1]) && !inPath(text, i)):
			b.WriteString(`\-`)
		case c == '~':
			b.WriteString(`\(ti`)
		case c == '^':
			b.WriteString(`\(ha`)
		case c == '`':
			b.WriteString(`\(ga`)
		case c == '"':
			b.WriteString(`\(dq`)
		default:
			b.WriteByte(c)
		}
	}
	return ascii(b.String())
}

// typed reports whether the text begins with a path, a variable or the like: a
// word with a slash, or of capitals.
func typed(text string) bool {
	word := text
	if end := strings.IndexAny(text, " \n"); end >= 0 {
		word = text[:end]
	}
	word = strings.Trim(word, "().,:;")
	return strings.Contains(word, "/") || len(word) > 1 && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func inPath(text string, at int) bool {
	begin := strings.LastIndexAny(text[:at], " \n") + 1
	end := strings.IndexAny(text[at:]+" ", " \n") + at
	return strings.Contains(text[begin:end], "/")
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
