// Package readme takes the commands out of README.md, so that tests can run
// what it tells people to type. Commands is all there is.
package readme

import "strings"

// Commands returns the text of every block marked sh, in their order.
func Commands(markdown string) []string {
	var blocks []string
	for {
		_, rest, found := strings.Cut(markdown, "\n```sh\n")
		if !found {
			return blocks
		}
		block, after, closed := strings.Cut(rest, "\n```\n")
		if !closed {
			return blocks
		}
		blocks = append(blocks, block)
		markdown = "\n" + after
	}
}
