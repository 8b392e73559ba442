package main

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/packaging/manual"
	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

var _ = register[manualCmd]("manual", groupHidden)

type manualCmd struct {
	Dir string `arg:"" help:"Folder such as /usr/share/man; the pages go into man1, man5 and man8 in it." complete:"dir"`
}

// manualResult is the document that --json prints.
type manualResult struct {
	Written []protocol.Path `json:"written"`
}

func (*manualCmd) Help() string { return "Write the man pages into a folder." }

func (c *manualCmd) Run(a *app) error {
	pages, err := manualPages()
	if err != nil {
		return err
	}
	if err := manual.Write(c.Dir, pages); err != nil {
		return err
	}
	var r manualResult
	for _, p := range pages {
		r.Written = append(r.Written, protocol.Path(p.File()))
	}
	return a.term.show(r, func() {
		a.term.note("Wrote %s into %s.", human.Plural(int64(len(pages)), "page", "pages"), human.Clean(c.Dir))
	})
}

// manualPages returns all pages: of this program, of the daemon, and of the
// configuration file. Their date is SOURCE_DATE_EPOCH (reproducible-builds.org),
// so that the same source gives the same pages.
func manualPages() ([]manual.Page, error) {
	e := manual.Edition{Version: version.String(), Texts: manualTexts()}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return nil, usage("SOURCE_DATE_EPOCH: %q is not a number of seconds", epoch)
		}
		e.Date = time.Unix(seconds, 0)
	}
	daemon, err := flags.NewDaemon(new(flags.Daemon), "~/.config/spacedrive/config.toml", version.String())
	if err != nil {
		return nil, err
	}
	pages := append(e.Program(model(), 1), e.Program(daemon.Model, 8)...)
	return append(pages, e.File(e.Texts[settingsName])), nil
}

// manualTexts returns the texts of all pages by their names.
func manualTexts() map[string]manual.Text {
	all := make(map[string]manual.Text)
	files, _ := texts.ReadDir(".") // embedded
	for _, f := range files {
		t := textOf(strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
		all[t.Name] = t
	}
	daemon := manual.Parse(flags.DaemonManual)
	all[daemon.Name] = daemon
	return all
}

const settingsName = "spacedrive.toml"

// settingsKeys describes each key of the configuration file: its meaning and
// its default.
func settingsKeys() string {
	defaults := config.Default()
	var b strings.Builder
	table := ""
	for _, key := range config.Keys() {
		name := key
		if t, rest, ok := strings.Cut(key, "."); ok {
			if t != table {
				fmt.Fprintf(&b, "\n## Table [%s]\n\nThe bounds of what the daemon does for its clients.\n\n", t)
				table = t
			}
			name = rest
		}
		value := defaults.Text(key)
		if key == "data_dir" {
			value = "~/.local/share/spacedrive" // for everyone
		}
		fmt.Fprintf(&b, "- `%s`: %s%s\n", name, config.About(key), only(value != "", " The default is `"+value+"`."))
	}
	return b.String()
}
