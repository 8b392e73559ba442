package main

import (
	"github.com/spacedrive-go/spacedrive/packaging/completion"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash, zsh, fish" help:"The shell: ${enum}."`
}

func (*completionCmd) Help() string {
	return `Packages put the scripts where the shells look for them; without a package, put
them there yourself, as below.`
}

// Manual says what the page of completion says beyond its help.
func (*completionCmd) Manual() string {
	return `
With the script, Tab completes commands, options, and what they take: words that
are the only ones, files and folders, and the names that the daemon knows, such as
libraries, locations and jobs, for which it is asked. Where none runs, none is
started, and there are no names. On a line with --host nothing is asked for.

# Examples

For bash, where the package bash-completion is installed:
    mkdir -p ~/.local/share/bash-completion/completions
    spacedrive completion bash >~/.local/share/bash-completion/completions/spacedrive

For zsh, with 'fpath+=~/.zfunc' before 'compinit' in ~/.zshrc:
    mkdir -p ~/.zfunc
    spacedrive completion zsh >~/.zfunc/_spacedrive

For fish:
    mkdir -p ~/.config/fish/completions
    spacedrive completion fish >~/.config/fish/completions/spacedrive.fish

# See also

bash(1), zsh(1), fish(1)
`
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
