package main

import (
	"github.com/spacedrive-go/spacedrive/packaging/completion"
)

var _ = register[completionCmd]("completion", groupScript)

type completionCmd struct {
	Shell string `arg:"" enum:"bash, zsh, fish" help:"The shell: ${enum}."`
}

// completionResult is the document that --json prints.
type completionResult struct {
	Shell  string `json:"shell"`
	Script string `json:"script"`
}

func (c *completionCmd) Run(a *app) error {
	script, err := completion.Script(c.Shell, model())
	if err != nil {
		return usageError{err}
	}
	return a.term.show(completionResult{c.Shell, script}, func() { a.term.out.WriteString(script) })
}
