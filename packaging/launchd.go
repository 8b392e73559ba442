package packaging

import (
	_ "embed"
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
)

//go:embed com.spacedrive.daemon.plist.in
var plistTemplate string

// Label returns the name of an instance's job in launchd.
func Label(instance string) string {
	if instance == "" || instance == config.DefaultInstance {
		return "com.spacedrive.daemon"
	}
	return "com.spacedrive.daemon." + instance
}

// plist renders the agent of a user, or the machine's daemon, for one instance:
// launchd has no templates, nor words for the user's home folder.
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

// plistSocket returns the socket's path in a property list that plist has
// rendered.
func plistSocket(content []byte) string {
	_, rest, _ := strings.Cut(string(content), "<key>SockPathName</key>")
	_, rest, _ = strings.Cut(rest, "<string>")
	text, _, _ := strings.Cut(rest, "</string>")
	var path string
	if xml.Unmarshal([]byte("<p>"+text+"</p>"), &path) != nil {
		return ""
	}
	return path
}

// makeFolders makes the folders that launchd needs to find: of the socket, and
// of the file that takes a crash's last words. The machine's data folder lets
// others pass to the socket, and no further.
func makeFolders(o Options) error {
	uid, gid := os.Getuid(), os.Getgid()
	modes := [3]fs.FileMode{0o700, 0o700, 0o700}
	if o.System {
		u, err := user.Lookup(config.SystemGroup)
		if err != nil {
			return protocol.Errorf(protocol.OperationFailed, "%w", err)
		}
		uid, _ = strconv.Atoi(u.Uid)
		gid, _ = strconv.Atoi(u.Gid)
		modes = [3]fs.FileMode{0o711, 0o711, 0o700}
	}
	for i, dir := range []string{o.dataDir(), filepath.Dir(o.socket()), filepath.Join(o.dataDir(), "logs")} {
		if _, err := os.Stat(dir); err == nil {
			continue
		}
		if err := os.MkdirAll(dir, modes[i]); err != nil {
			return err
		}
		if err := errors.Join(os.Chmod(dir, modes[i]), os.Chown(dir, uid, gid)); err != nil {
			return err
		}
	}
	return nil
}
