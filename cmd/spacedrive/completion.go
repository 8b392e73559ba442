package main

import (
	"github.com/spacedrive-go/spacedrive/packaging/completion"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash, zsh, fish" help:"The shell: ${enum}."`
}

func (*completionCmd) Help() string {
	return `Packages put these scripts where the shells look for them. Without a package, one
of these does, for the user alone:
  spacedrive completion bash >~/.local/share/bash-completion/completions/spacedrive
  spacedrive completion zsh >~/.zfunc/_spacedrive  # with fpath+=~/.zfunc before compinit
  spacedrive completion fish >~/.config/fish/completions/spacedrive.fish`
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
	if a.cli.JSON {
		return a.term.printJSON(completionResult{c.Shell, script})
	}
	a.term.out.WriteString(script)
	return nil
}
