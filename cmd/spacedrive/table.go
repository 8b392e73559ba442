package main

import (
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// A table is printed with its columns aligned.
type table struct {
	head  []string
	rows  [][]string
	right []bool // columns of numbers
	// elide shortens the last column, of paths, where a row is wider than the
	// terminal.
	elide bool
}

// newTable returns a table with these columns. The name of one that holds
// numbers begins with ">".
func newTable(head ...string) *table {
	t := &table{right: make([]bool, len(head))}
	for i, h := range head {
		h, t.right[i] = strings.CutPrefix(h, ">")
		t.head = append(t.head, h)
	}
	return t
}

// add adds a row. Its cells are shown on one line each, whatever they hold.
func (t *table) add(cells ...string) {
	for i := range cells {
		cells[i] = human.Clean(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// print prints the table as part of the result, and nothing where it has no row.
func (t *table) print(to *terminal) {
	if len(t.rows) == 0 {
		return
	}
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	if t.elide && to.outTTY {
		t.fit(widths, columns(to.outFD))
	}
	to.out.WriteString(paint(to.color, bold, t.line(t.head, widths)) + "\n")
	for _, row := range t.rows {
		to.out.WriteString(t.line(row, widths) + "\n")
	}
}

// fit shortens the cells of the last column in their middle, so that a row takes at
// most so many columns of the terminal. It leaves at least the two ends of a cell.
func (t *table) fit(widths []int, columns int) {
	const least = 20
	end := len(widths) - 1
	for _, w := range widths[:end] {
		columns -= w + 2
	}
	columns = max(columns, least)
	for _, row := range t.rows {
		row[end] = elided(row[end], columns)
	}
	widths[end] = min(widths[end], columns)
}

// elided returns s with its middle left out where it is wider than width. More
// of the end is kept, because that is where paths differ.
func elided(s string, width int) string {
	full := runewidth.StringWidth(s)
	if full <= width {
		return s
	}
	head := (width - 1) / 3
	tail := width - 1 - head
	return runewidth.Truncate(s, head, "") + "…" + runewidth.TruncateLeft(s, full-tail, "")
}

func (t *table) line(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		if i > 0 {
			b.WriteString("  ")
		}
		space := strings.Repeat(" ", widths[i]-runewidth.StringWidth(cell))
		switch {
		case t.right[i]:
			b.WriteString(space + cell)
		case i == len(row)-1:
			b.WriteString(cell)
		default:
			b.WriteString(cell + space)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// A list is printed as one "key: value" a line, the values aligned.
type list struct{ keys, values []string }

func (l *list) add(key, value string) {
	if value != "" {
		l.keys, l.values = append(l.keys, key), append(l.values, human.Clean(value))
	}
}

func (l *list) print(to *terminal) {
	width := 0
	for _, key := range l.keys {
		width = max(width, runewidth.StringWidth(key))
	}
	for i, key := range l.keys {
		space := strings.Repeat(" ", width-runewidth.StringWidth(key))
		to.printf("%s%s  %s\n", paint(to.color, faint, key), space, l.values[i])
	}
}
