package manual

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// A roff is a page in the language of man(7).
type roff struct{ strings.Builder }

// macro writes a request with one argument, which is not escaped yet.
func (r *roff) macro(name, arg string) { fmt.Fprintf(r, ".%s \"%s\"\n", name, escape(arg)) }

// tag writes a hanging term, which is escaped already, and its explanation.
func (r *roff) tag(term, text string) { r.WriteString(".TP\n" + term + "\n" + prose(text) + "\n") }

// text writes paragraphs.
func (r *roff) text(body string) {
	for block := range strings.SplitSeq(body, "\n\n") {
		switch {
		case block == "":
		case isLiteral(block):
			r.WriteString(".PP\n.RS 4\n.EX\n" + lines(escape(literalLines(block))) + "\n.EE\n.RE\n")
		case strings.HasPrefix(block, "- "):
			for item := range strings.SplitSeq(block[2:], "\n- ") {
				term, about, _ := strings.Cut(strings.ReplaceAll(item, "\n  ", " "), ": ")
				r.tag(prose(term), about)
			}
		default:
			r.WriteString(".PP\n" + prose(block) + "\n")
		}
	}
}

// page returns the page. A heading begins the first paragraph below it.
func (r *roff) page() []byte {
	return regexp.MustCompile(`(?m)^(\.S[HS] .*\n)\.PP\n`).ReplaceAll([]byte(r.String()), []byte("$1"))
}

func bold(text string) string   { return `\fB` + escape(text) + `\fR` }
func italic(text string) string { return `\fI` + escape(text) + `\fR` }

// special escapes the characters that roff changes into typographic ones
// (groff_char(7)), so that text can be copied and typed. Lines do not break at an
// escaped hyphen.
var special = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `"`, `\(dq`)

// escape escapes a text so that roff prints each character as it is. It writes those
// beyond ASCII as code points, which every roff reads in any locale.
func escape(text string) string {
	var b strings.Builder
	for _, c := range special.Replace(text) {
		if c < 0x80 {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, c)
		}
	}
	return b.String()
}

// lines keeps the lines of an escaped text from being read as requests.
func lines(text string) string {
	text = strings.ReplaceAll("\n"+text, "\n.", "\n\\&.")
	return text[1:]
}

// marked matches what is set in bold. It is compiled when a page is written, not at
// the start of every command.
var marked = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("(^|[\\s(\\[/])(?:`([^`]+)`|'([^']+)'|(--?[a-zA-Z0-9][a-z0-9-]*)|([a-z][a-z0-9_.-]*)(\\([1-8]\\)))")
})

// prose escapes a text and sets what marked matches in bold.
func prose(text string) string {
	text = marked().ReplaceAllString(text, "$1\x01$2$3$4$5\x02$6")
	return lines(strings.NewReplacer("\x01", `\fB`, "\x02", `\fR`).Replace(escape(text)))
}
