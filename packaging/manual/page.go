package manual

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Edition is what the pages of one release have in common.
type Edition struct {
	Version string
	Date    time.Time // of the release; zero: none is told
	Exit    []Status  // what all commands exit with
}

// A Status is an exit code.
type Status struct {
	Code  int
	Means string
}

// A Page is a man page.
type Page struct {
	Name    string
	Section int
	Text    []byte
}

// File returns the page's place below a folder such as /usr/share/man.
func (p Page) File() string {
	return fmt.Sprintf("man%d/%s.%[1]d", p.Section, p.Name)
}

// Write writes pages below a folder such as /usr/share/man.
func Write(dir string, pages []Page) error {
	for _, p := range pages {
		path := filepath.Join(dir, p.File())
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, p.Text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Date returns the time that a build is said to be of: SOURCE_DATE_EPOCH
// (reproducible-builds.org), else that in a version such as
// 0.0.0-20261123183813-ddb970b8a3f1, else none. It is never today's, so that
// the same source makes the same pages.
func Date(version string) (time.Time, error) {
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil || seconds < 0 {
			return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %q is no number of seconds", epoch)
		}
		return time.Unix(seconds, 0).UTC(), nil
	}
	for _, part := range strings.FieldsFunc(version, func(c rune) bool { return c == '-' || c == '.' || c == '+' }) {
		if t, err := time.Parse("20060102150405", part); err == nil {
			return t, nil
		}
	}
	return time.Time{}, nil
}

// Page makes a page that is no command's, of all that the text has.
func (e Edition) Page(name string, section int, about string, t Text) Page {
	r := e.begin(name, section, about)
	r.macro("SH", "DESCRIPTION")
	r.text(t.section(""))
	e.end(r, t, nil)
	return Page{name, section, []byte(r.String())}
}

// begin writes a page's head.
func (e Edition) begin(name string, section int, about string) *roff {
	r := new(roff)
	r.WriteString(".\\\" Made from the program's own help. Do not edit it here.\n")
	// The date is a word that programs read, and has no minus signs.
	fmt.Fprintf(r, ".TH \"%s\" %d \"%s\" \"%s\" \"Spacedrive\"\n", verbatim(strings.ToUpper(name)), section, date(e.Date), verbatim("spacedrive "+e.Version))
	r.macro("ad l") // stretched lines are hard to read
	r.macro("SH", "NAME")
	r.line(verbatim(name) + ` \- ` + strings.ReplaceAll(plain(summary(about), true), whole, ""))
	return r
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// summary makes "Find files." what a NAME section says: find files.
func summary(help string) string {
	help = strings.TrimSuffix(strings.TrimSpace(help), ".")
	if len(help) > 1 && !(help[1] >= 'A' && help[1] <= 'Z') {
		help = strings.ToLower(help[:1]) + help[1:]
	}
	return help
}

// end writes the sections that stand last on a page, as far as it has them.
// related are pages for See also, besides those that the text names.
func (e Edition) end(r *roff, t Text, related []string) {
	if text := t.section(exitStatus); text != "" || len(e.Exit) > 0 {
		r.macro("SH", "EXIT STATUS")
		r.text(text)
		for _, s := range e.Exit {
			r.tag(bold(strconv.Itoa(s.Code)))
			r.line(prose(s.Means))
		}
	}
	for _, name := range []string{environment, files, examples} {
		if text := t.section(name); text != "" {
			r.macro("SH", strings.ToUpper(name))
			r.text(text)
		}
	}
	for _, b := range t.section(seeAlso).blocks() {
		for _, line := range b.lines {
			related = append(related, strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ' ' })...)
		}
	}
	if len(related) > 0 {
		r.macro("SH", "SEE ALSO")
		r.line(prose(strings.Join(bySection(related), ", ")))
	}
}

// bySection puts references in the order that man pages have them, each once.
func bySection(names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		nameA, sectionA, _ := strings.Cut(a, "(")
		nameB, sectionB, _ := strings.Cut(b, "(")
		return cmp.Or(cmp.Compare(sectionA, sectionB), cmp.Compare(nameA, nameB))
	})
	return slices.Compact(names)
}
