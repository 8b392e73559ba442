package mask

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text masks messages, one a line.
func (m *Masker) Text(s string) string { return m.lines(s, inMessage()) }

func (m *Masker) lines(s string, end *regexp.Regexp) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		line, newline := strings.CutSuffix(line, "\n")
		out.WriteString(m.message(line, end))
		if newline {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// message masks a text in which a line break may be part of a name, and in
// which pathEnd matches where a path may end.
func (m *Masker) message(s string, pathEnd *regexp.Regexp) string {
	t := free{Masker: m, source: s, canon: decode(s), pathEnd: pathEnd}
	t.write(0, len(t.text))
	return t.out.String() + strings.Repeat(`\`, len(s)-len(strings.TrimRight(s, `\`))) // which decode leaves out
}

// labels matches a metric with its labels.
var labels = lazy(`(?m)\{.*\}`)

// Metrics masks metrics in the text format of Prometheus, which by their making
// hold no name.
func (m *Masker) Metrics(s string) string { return labels().ReplaceAllStringFunc(s, m.sweep) }

// sweep masks the names that are known, wherever they stand in s.
func (m *Masker) sweep(s string) string {
	t := free{Masker: m, source: s, canon: decode(s)}
	for i := 0; i < len(t.text); {
		i = t.known(i)
	}
	return t.out.String()
}

// A free is a free text that is being masked. Places in it are those of its
// canonical form.
type free struct {
	*Masker
	canon
	source  string
	pathEnd *regexp.Regexp
	out     strings.Builder
}

// write writes the text from i to end, paths and what stands in quotes masked.
func (t *free) write(i, end int) {
	for i < end {
		switch {
		case t.text[i] == '"':
			i = t.quoted(i, end)
		case t.text[i] == '/' && beginsPath(t.text, i):
			i = t.pathIn(i, end)
		default:
			i = t.known(i)
		}
	}
}

// plain writes the text from i to end as it is in the source.
func (t *free) plain(i, end int) { t.out.WriteString(t.source[t.start[i]:t.end[end-1]]) }

// known writes what stands at i, masked where it is a name.
func (t *free) known(i int) (next int) {
	if token, end := t.names.at(t.text, i); token != "" {
		t.out.WriteString(token)
		return end
	}
	if strings.HasPrefix(t.text[i:], "://") {
		return t.authority(i)
	}
	next = i + 1
	for next < len(t.text) && t.start[next] == t.start[i] { // one escape may stand for more
		next++
	}
	t.plain(i, next)
	return next
}

// authority writes what stands at i up to the path of an address, of which i is
// where its scheme ends.
func (t *free) authority(i int) (next int) {
	begin := i + len("://")
	t.plain(i, begin)
	end := begin
	for end < len(t.text) && (strings.IndexByte(" \t\r\n\"<>`/?#", t.text[end]) < 0 || t.source[t.start[end]] == '%') {
		end++
	}
	end = begin + len(strings.TrimRight(t.text[begin:end], ".,:;)}'"))
	if end == begin {
		return begin
	}
	login, host, found := cutLast(t.text[begin:end], "@")
	if found {
		user, password, both := strings.Cut(login, ":")
		if user != "" {
			t.out.WriteString(t.learn("user", user, general))
		}
		if both {
			t.out.WriteString(":" + t.learn("value", password, general))
		}
		t.out.WriteByte('@')
	}
	port := portNumber().FindString(host)
	if host = strings.TrimSuffix(host, port); host != "" && !publicHosts[host] {
		host = t.learn("host", host, general)
	}
	t.out.WriteString(host + port)
	return end
}

var portNumber = lazy(`:[0-9]{1,5}$`)

// cutLast cuts s at the last sep. Without one, all is after it.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// quoted writes what stands between the quote at i and the next one that is
// escaped as much.
func (t *free) quoted(i, end int) (next int) {
	last := i + 1
	for last < end && (t.text[last] != '"' || t.end[last]-t.start[last] != t.end[i]-t.start[i]) {
		last++
	}
	if last == end {
		return t.known(i)
	}
	inner := t.text[i+1 : last]
	t.plain(i, i+1)
	switch {
	case strings.HasPrefix(inner, "/") && !t.system(inner):
		t.out.WriteString(t.path(inner))
	case strings.Contains(inner, "/"):
		t.write(i+1, last)
	default:
		t.out.WriteString(t.name("name", inner))
	}
	t.plain(last, last+1)
	return last + 1
}

// beginsPath reports whether the slash at i begins an absolute path.
func beginsPath(text string, i int) bool {
	if i+1 == len(text) || strings.IndexByte(" \t\n/\"", text[i+1]) >= 0 {
		return false
	}
	if i == 0 {
		return true
	}
	if strings.HasSuffix(text[:i], "://") { // of a file's address
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return !wordRune(r) && !strings.ContainsRune("/.-_+*)]", r)
}

// Where a path may end. Names have spaces in them, and colons, commas and
// quotes, so these end it only where what follows is no more a name's part.
// What is longer than the path is masked with it.
var (
	inCommand = lazy(`^(?:: |:$|:/|, |; | ; | -| /| \(| [A-Za-z_]+=|$)`)
	inMessage = lazy(`^(?:$|:$|:/| /| [A-Za-z_]+=|,? (?:and|to|at|in|from|of|as|with|is|was|are|or) ["/]|: (?:` + strings.Join(causes, "|") + `)\b)`)

	// isSubject matches what comes after a path that begins a sentence.
	isSubject = lazy(`^ (?:is|was|are|were|has|does|did|cannot|must)\b`)
)

// causes are the words with which the reason begins that follows a path: those
// of errno(3), and of what the programs say.
var causes = strings.Fields(`
	no not permission operation input file too device read open close write stat lstat mkdir rename unlink remove fork exec execve
	its it the a an invalid is cannot connection resource bad interrupted disk database unable SQL sqlite context text argument
	structure stale value protocol unknown illegal only there directory broken bind listen dial connect gone readdir readdirent`)

func (t *free) pathIn(i, end int) (next int) {
	text := t.text[:end]
	next = t.pathFrom(text, i)
	p := text[i:next]
	if t.system(p) {
		if space := strings.IndexByte(p, ' '); space > 0 {
			next = i + space
		}
		for i < next {
			i = t.known(i)
		}
		return i
	}
	for { // what was taken for the path's end may not have been it
		more := relative().FindStringIndex(text[next:])
		if more == nil {
			break
		}
		next = t.pathFrom(text, next+more[1]-1)
	}
	if strings.Count(text[i:next], `"`)%2 == 1 {
		if more := strings.IndexByte(text[next:], '"'); more >= 0 {
			next += more + 1
		}
	}
	p = text[i:next]
	tail := strings.TrimRight(p, ".)]}' ")
	t.out.WriteString(t.path(tail))
	t.out.WriteString(p[len(tail):])
	return next
}

// relative matches a slash inside of a name, before any that begins a path.
var relative = lazy(`^[^/]*[^/\s"=(:;,]/`)

// pathFrom returns where a path ends that has a slash at i.
func (t *free) pathFrom(text string, i int) (end int) {
	for end = i; end < len(text) && text[end] == '/'; {
		end = t.component(text, end+1)
	}
	return end
}

// component returns where the component of a path that begins at i ends: a
// name that is known, with its extension, else all up to the next slash.
func (t *free) component(text string, i int) (end int) {
	if token, end := t.names.at(text, i); token != "" {
		end += len(extension().FindString(text[end:]))
		if end == len(text) || text[end] == '/' || t.pathEnd.MatchString(text[end:]) || isSubject().MatchString(text[end:]) {
			return end
		}
	}
	for end = i; end < len(text) && text[end] != '/' && !t.pathEnd.MatchString(text[end:]); {
		end++
	}
	return end
}

var extension = lazy(`^\.[A-Za-z0-9]{1,6}\b`)

func wordRune(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// shapeless matches texts that hold no name: numbers with units, ids, times,
// versions. Where a name stands, dates, telephone numbers and addresses may be
// one too.
var shapeless = lazy(`^[-+]?[0-9][0-9.,:TZ_]*(?:[-+.][0-9][0-9.,:TZ]*)*(?: ?[numµk]?s| ?m[0-9.]*s?| ?h[0-9ms.]*|[KMGT]iB| ?B|%)?$|` +
	uuid().String() + `|^[0-9a-f]{16,64}$|^$`)

var uuid = lazy(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// longDigits is a number long enough to tell something of somebody.
var longDigits = lazy(`^[0-9]{5,}$`)

// manyDigits matches what has as many digits, whatever stands between them.
var manyDigits = lazy(`^(?:[^0-9]*[0-9]){5}`)

// isPublic reports whether a text tells nothing of anybody.
func (m *Masker) isPublic(s string) bool {
	return m.public[s] || shapeless().MatchString(s) && !longDigits().MatchString(s)
}

// isPublicName reports whether a name tells nothing of anybody: a word, an id
// that the programs make, a year or a counter.
func (m *Masker) isPublicName(s string) bool {
	return m.public[s] || uuid().MatchString(s) || shapeless().MatchString(s) && !manyDigits().MatchString(s)
}
