package main

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/spacedrive-go/spacedrive/packaging/manual"
)

var _ = register[helpCmd]("help", groupStart)

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command (default: spacedrive itself)." complete:"commands"`
}

func (c *helpCmd) Run(*app) error {
	_, err := parseWith(allCommands(), printManual, append(c.Command, "--help")) // which ends the program
	return usageError{err}
}

// texts holds what --help, help and the man pages say about a command, besides its
// flags. NAME.md is about the command NAME; a section in it may be about one of its
// subcommands.
//
//go:embed *.md
var texts embed.FS

func textOf(command string) manual.Text {
	markdown, _ := texts.ReadFile(command + ".md") // TestEveryCommandHasAText
	text := string(markdown)
	if command == settingsName {
		text = strings.Replace(text, "KEYS\n", settingsKeys(), 1)
	}
	return manual.Parse(text)
}

// describe adds the texts to the model as help: with whole all of them but the
// examples, else only the introductions.
func describe(m *kong.Application, whole bool) {
	asTyped(m)
	t := textOf(m.Name)
	m.Help = t.Summary
	if whole {
		m.Detail = detail(t, whole)
	}
	for _, command := range m.Children {
		if command.Hidden {
			continue
		}
		t := textOf(command.Name)
		command.Help, command.Detail = t.Summary, detail(t, whole)
		for _, sub := range command.Children {
			sub.Detail = terminalText(t.Section(command.Name + " " + sub.Name))
		}
	}
}

func detail(t manual.Text, whole bool) string {
	text := t.Intro
	for _, s := range t.Sections {
		if whole && s.Title != manual.Examples && s.Title != manual.SeeAlso {
			text += "\n\n# " + s.Title + "\n\n" + s.Body
		}
	}
	return terminalText(text)
}

// terminalText changes Markdown into the format of go/doc, which kong uses for
// help: lists are indented, and code is quoted only if it has a space.
func terminalText(markdown string) string {
	blocks := strings.Split(markdown, "\n\n")
	for i, b := range blocks {
		if strings.HasPrefix(b, "- ") {
			blocks[i] = "  " + strings.ReplaceAll(b, "\n", "\n  ")
		}
	}
	return regexp.MustCompile("`[^`]+`").ReplaceAllStringFunc(strings.Join(blocks, "\n\n"), func(code string) string {
		if strings.ContainsAny(code, " \n") {
			return "'" + strings.Trim(code, "`") + "'"
		}
		return strings.Trim(code, "`")
	})
}

// printHelp prints what --help prints.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	return printText(options, ctx, false)
}

// printManual prints what the command help prints.
func printManual(options kong.HelpOptions, ctx *kong.Context) error {
	return printText(options, ctx, true)
}

// printText prints kong's help, with examples and the exit codes below it. It
// explains a command's own flags, and only names those of every command.
func printText(options kong.HelpOptions, ctx *kong.Context, whole bool) error {
	describe(ctx.Model, whole)
	node, global, examples := ctx.Model.Node, "", textOf(ctx.Model.Name).Examples()
	if selected := ctx.Selected(); selected != nil {
		node, global = selected, "\nFlags of every command (see spacedrive --help; --data-dir is $SPACEDRIVE_DATA_DIR,\nand so on):\n"+hideGlobal(ctx.Model)
		node.Group = nil // its subcommands would be listed under it
		command := strings.Fields(node.FullPath())[1]
		examples = slices.DeleteFunc(textOf(command).Examples(), func(e manual.Example) bool {
			return node.Name != command && !strings.Contains(e.Command, node.FullPath())
		})
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(global)
	for i, e := range examples {
		b.WriteString(only(i == 0, "\nExamples:\n") + "  # " + terminalText(e.Does) + "\n  " + strings.ReplaceAll(e.Command, "\n", "\n  ") + "\n")
	}
	_, err := fmt.Fprint(ctx.Stdout, b.String()+exitCodes)
	return err
}

// hideGlobal hides the flags of every command in the help that is printed next, and
// returns their names, in lines.
func hideGlobal(m *kong.Application) string {
	const width = 78
	var b strings.Builder
	line := " "
	for _, f := range m.Flags {
		if f.Group == nil {
			continue // --help itself
		}
		f.Hidden = true
		if word := " --" + f.Name; len(line)+len(word) <= width {
			line += word
		} else {
			b.WriteString(line + "\n")
			line = " " + word
		}
	}
	b.WriteString(line + "\n")
	return b.String()
}
