// Package readme takes out of the project's documents what tests can check:
// Commands the commands that README.md tells people to type, Blocks the blocks
// of any kind, Session the commands of one that shows a terminal, Tables the
// tables.
package readme

import "strings"

// A Block is what stands between two lines of ```.
type Block struct {
	Kind string // the word after the first ```, such as sh
	Note string // what follows that word; no reader sees it
	Text string
	Line int // of its first line in the document
}

// Blocks returns all blocks, in their order.
func Blocks(markdown string) []Block {
	var blocks []Block
	open := false
	for i, line := range strings.Split(markdown, "\n") {
		head, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open:
			last := &blocks[len(blocks)-1]
			last.Text = strings.TrimSuffix(last.Text, "\n")
			open = false
		case fence:
			kind, note, _ := strings.Cut(head, " ")
			blocks = append(blocks, Block{Kind: kind, Note: note, Line: i + 2})
			open = true
		case open:
			blocks[len(blocks)-1].Text += line + "\n"
		}
	}
	return blocks
}

// Commands returns the text of every block marked sh, in their order.
func Commands(markdown string) []string {
	var commands []string
	for _, b := range Blocks(markdown) {
		if b.Kind == "sh" {
			commands = append(commands, b.Text)
		}
	}
	return commands
}

// Tables returns the rows of each table, without its head, by what the head's
// first cell says.
func Tables(markdown string) map[string][][]string {
	tables := make(map[string][][]string)
	name := ""
	for line := range strings.Lines(markdown) {
		cells := row(line)
		switch {
		case cells == nil:
			name = ""
		case strings.HasPrefix(cells[0], "---"):
		case name == "":
			name = cells[0] + " " // not empty, even where the cell is
		default:
			key := strings.TrimSpace(name)
			tables[key] = append(tables[key], cells)
		}
	}
	return tables
}

func row(line string) []string {
	line = strings.TrimSpace(line)
	if len(line) < 2 || line[0] != '|' || line[len(line)-1] != '|' {
		return nil
	}
	cells := strings.Split(line[1:len(line)-1], "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// Words returns what stands between backquotes in a cell.
func Words(cell string) []string {
	var words []string
	for i, part := range strings.Split(cell, "`") {
		if i%2 == 1 {
			words = append(words, part)
		}
	}
	return words
}
