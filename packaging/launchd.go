package packaging

import (
	_ "embed"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

//go:embed com.spacedrive.daemon.plist.in
var plistTemplate string

// Label returns the name of an instance's job in launchd.
func Label(instance string) string { return named("com.spacedrive.daemon", ".", instance) }

// plist renders the agent of a user, or the machine's daemon, for one instance:
// launchd has no templates, and no variable for the user's home folder.
func plist(o Options) ([]File, error) {
	dir := o.UnitDir
	if dir == "" {
		dir = "/Library/LaunchDaemons"
		if !o.System {
			home := config.Home()
			if home == "" {
				return nil, protocol.Errorf(protocol.OperationFailed, "cannot tell where agents go: there is no home folder").WithHint("set HOME")
			}
			dir = filepath.Join(home, "Library", "LaunchAgents")
		}
	}
	arguments := append([]string{o.Program, "--instance", o.instance(), "--data-dir", o.dataDir()}, o.settings()...)
	var array strings.Builder
	for _, word := range arguments {
		array.WriteString("\t\t<string>" + xmlText(word) + "</string>\n")
	}
	kept := map[string]bool{"[user]": !o.System, "[system]": o.System, "[group]": o.System && o.Group != ""}
	text := strings.NewReplacer(
		"{written}", o.writtenBy(), "{label}", Label(o.Instance), "{arguments}", strings.TrimSuffix(array.String(), "\n"),
		"{instance}", o.instance(), "{socket}", xmlText(o.socket()), "{group}", o.Group,
		"{stderr}", xmlText(filepath.Join(o.dataDir(), "logs", "launchd.stderr")),
	).Replace(keepLines(plistTemplate, kept))
	return []File{{filepath.Join(dir, Label(o.Instance)+".plist"), []byte(text), 0o644}}, nil
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// plistAfter returns the next string after an element, in a property list that plist
// has rendered.
func plistAfter(content []byte, element string) string {
	_, rest, _ := strings.Cut(string(content), element)
	_, rest, _ = strings.Cut(rest, "<string>")
	text, _, _ := strings.Cut(rest, "</string>")
	var path string
	if xml.Unmarshal([]byte("<p>"+text+"</p>"), &path) != nil {
		return ""
	}
	return path
}

// makeAgentFolders creates the folders that must exist before launchd starts a
// user's daemon: of the socket, and of the file for its stderr.
func makeAgentFolders(o Options) error {
	for _, dir := range []string{filepath.Dir(o.socket()), filepath.Join(o.dataDir(), "logs")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return nil
}
