package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// A terminal is where a command's results and messages go. Results go to
// stdout, everything else to stderr; each may be a terminal or a pipe.
type terminal struct {
	in     *os.File
	out    *bufio.Writer // results
	err    *os.File      // everything else
	outTTY bool          // stdout is a terminal
	outFD  int           // of stdout
	errTTY bool          // stderr is a terminal
	inTTY  bool

	color    bool // on stdout
	errColor bool
	quiet    bool
	json     bool
	lost     bool     // a part of the result could not be written
	live     *painter // progress lines on stderr, nil where there are none
}

func newTerminal(in, out, errs *os.File) *terminal {
	dumb := os.Getenv("TERM") == "dumb"
	return &terminal{
		in: in, out: bufio.NewWriterSize(out, 32<<10), err: errs,
		inTTY:  term.IsTerminal(int(in.Fd())),
		outTTY: term.IsTerminal(int(out.Fd())) && !dumb, outFD: int(out.Fd()),
		errTTY: term.IsTerminal(int(errs.Fd())) && !dumb,
	}
}

// settle applies the flags that change how things are printed.
func (t *terminal) settle(c *cli) {
	t.quiet, t.json = c.Quiet, c.JSON
	color := !c.NoColor && os.Getenv("NO_COLOR") == ""
	t.color, t.errColor = color && t.outTTY, color && t.errTTY
}

// printf prints a part of the result.
func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// show prints the result of a command: v with --json, else what print prints for
// people.
func (t *terminal) show(v any, print func()) error {
	if t.json {
		return t.printJSON(v)
	}
	print()
	return nil
}

// result is show for a result that is a line, in which texts are made safe for a
// terminal.
func (t *terminal) result(v any, format string, args ...any) error {
	return t.show(v, func() {
		for i, arg := range args {
			if s, ok := arg.(string); ok {
				args[i] = human.Clean(s)
			}
		}
		t.printf(format, args...)
	})
}

// flush sends out what was printed. Where that fails, it says so and returns
// false.
func (t *terminal) flush() bool {
	if t.live != nil {
		t.live.clear()
	}
	if err := t.out.Flush(); err != nil {
		t.out.Reset(io.Discard)
		fmt.Fprintf(t.err, "spacedrive: cannot write the result: %v\n", err)
		t.lost = true
	}
	return !t.lost
}

// printJSON prints one document, and a newline.
func (t *terminal) printJSON(v any) error {
	b, err := protocol.JSON.Marshal(v)
	if err != nil {
		return err
	}
	t.writeJSON(b)
	return nil
}

// writeJSON prints a JSON text and a newline. On a terminal it escapes the
// characters that control it, which JSON allows inside of strings; outside of
// strings there are none.
func (t *terminal) writeJSON(text []byte) {
	if !t.outTTY {
		t.out.Write(text)
	} else {
		for _, r := range string(text) {
			if human.Unsafe(r) && r != '\n' {
				fmt.Fprintf(t.out, `\u%04x`, r)
			} else {
				t.out.WriteRune(r)
			}
		}
	}
	t.out.WriteByte('\n')
}

// note prints a line for people on stderr, except with --quiet.
func (t *terminal) note(format string, args ...any) {
	if t.quiet {
		return
	}
	t.message(fmt.Sprintf(format, args...))
}

// message prints a line on stderr, after the results so far and above the
// progress lines if there are any.
func (t *terminal) message(line string) {
	t.flush()
	fmt.Fprintln(t.err, line)
}

func (t *terminal) error(e *protocol.Error) {
	t.message(paint(t.errColor, red, "spacedrive: ") + human.Clean(e.Message))
	if e.Hint != "" {
		t.message("  " + human.Clean(e.Hint))
	}
}

func (t *terminal) errorJSON(e *protocol.Error) {
	b, err := protocol.JSON.Marshal(struct {
		Error *protocol.Error `json:"error"`
	}{e})
	if err != nil { // the details do not encode
		b, _ = protocol.JSON.Marshal(struct {
			Error *protocol.Error `json:"error"`
		}{protocol.Errorf(e.Code, "%s", e.Message)})
	}
	t.message(string(b))
}

// columns returns the number of columns of a terminal.
func columns(fd int) int {
	if w, _, err := term.GetSize(fd); err == nil && w > 0 {
		return w
	}
	return 80
}

// asks reports whether there is a person to answer a question.
func (t *terminal) asks() bool { return t.inTTY && t.errTTY && !t.json }

// confirm asks a question and returns whether the answer is yes. It fails when
// ctx ends before the answer.
func (t *terminal) confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprint(t.err, question+" [y/N] ")
	select {
	case answer := <-t.answer():
		return answer == "y" || answer == "yes", nil
	case <-ctx.Done():
		t.message("")
		return false, ctx.Err()
	}
}

// answer returns a channel with the line that the person types next, in lower
// case. It is closed without one at the end of the input.
func (t *terminal) answer() <-chan string {
	answers := make(chan string, 1)
	// The read ends with the program: a terminal's cannot be interrupted.
	go func() {
		defer close(answers)
		if line, err := bufio.NewReader(t.in).ReadString('\n'); err == nil {
			answers <- strings.ToLower(strings.TrimSpace(line))
		}
	}()
	return answers
}

// SGR codes of ECMA-48.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func paint(on bool, code, s string) string {
	if !on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
