package client

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// sshHelloTimeout includes what a person needs to type a passphrase.
const sshHelloTimeout = 60 * time.Second

// An sshHost is the far side of a target that is behind ssh.
type sshHost struct {
	name       string   // user@host, as given
	login      string   // the command that leads there by hand
	unattended []string // the target's Command, but never asking anything
}

// SSH returns the target behind ssh://[user@]host[:port]: spacedrived --stdio,
// with further arguments, run there by ssh. It must be on the PATH that the far
// side's shell has when it is not interactive.
//
// command is the ssh to use, "" for the one on the PATH: a shell's words, such
// as "ssh -i key -o ProxyJump=gate", to which OpenSSH's arguments are added.
// Keys, ports and the like are better put in ~/.ssh/config, for all programs.
//
// The first connection may ask for a passphrase on the terminal. Later ones ask
// nothing (BatchMode): they need an agent or a key without a passphrase.
func SSH(address, command string, args ...string) (Target, error) {
	u, err := url.Parse(address)
	bad := err != nil || u.Scheme != "ssh" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != ""
	// What begins with a dash would be an option to ssh.
	if bad || strings.HasPrefix(u.Hostname(), "-") || u.User != nil && strings.HasPrefix(u.User.Username(), "-") {
		return Target{}, protocol.Invalid("host", "%q is not of the form ssh://[user@]host", address)
	}
	if _, secret := u.User.Password(); secret {
		return Target{}, protocol.Invalid("host", "a password cannot stand in %s", u.Redacted()).
			WithHint("ssh asks for it; a key spares it")
	}
	host := &sshHost{name: u.Hostname()}
	if u.User != nil {
		host.name = u.User.Username() + "@" + host.name
	}
	program := sshProgram(command)
	options := []string{"-T"}
	if port := u.Port(); port != "" {
		options = append(options, "-p", port)
	}
	far := []string{"--", host.name, "spacedrived", "--stdio"}
	for _, arg := range args {
		far = append(far, quote(arg))
	}
	host.unattended = slices.Concat(program, []string{"-o", "BatchMode=yes"}, options, far)
	words := append([]string{"ssh"}, options[1:]...)
	if command != "" {
		words[0] = command
	}
	host.login = strings.Join(append(words, host.name), " ")
	return Target{Command: slices.Concat(program, options, far), HelloTimeout: sshHelloTimeout, ssh: host}, nil
}

// sshProgram returns the words that run command, by a shell where it is more
// than the name of a program.
func sshProgram(command string) []string {
	switch {
	case command == "":
		return []string{"ssh"}
	case strings.ContainsAny(command, " \t\n'\"\\$`&|;<>()*?[#~%!{}"):
		return []string{"sh", "-c", "exec " + command + ` "$@"`, "ssh"}
	}
	return []string{command}
}

// quote protects arg from the shell on the far side, which ssh hands one line.
func quote(arg string) string { return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'" }

// Exit codes of the far side's shell (POSIX 2.8.2), which ssh passes on, and of
// ssh itself (ssh(1)).
const (
	exitNotExecutable = 126
	exitNotFound      = 127
	exitSSH           = 255
)

// neverAnswered explains why ssh ended before the daemon's hello came. It goes
// by what OpenSSH says, which is in English in every locale.
func (h *sshHost) neverAnswered(p *process) error {
	code, words := p.exitCode(), p.words.String()
	fail := func(reason, format string, args ...any) *protocol.Error {
		return protocol.Errorf(protocol.ConnectionFailed, format, args...).With("reason", reason).With("host", h.name)
	}
	says := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(words, t) })
	}
	switch {
	case code == exitNotFound:
		return fail(ReasonNoProgram, "%s has no spacedrived on its PATH", h.name).
			WithHint(`install it there in a folder that a shell has on its PATH when it is not interactive: %s 'echo $PATH' shows them`, h.login)
	case code == exitNotExecutable:
		return fail(ReasonNoProgram, "%s may not run its spacedrived: %s", h.name, lastLine(words)).
			WithHint("the file must be executable, and built for that machine")
	case code != exitSSH:
		return fail(ReasonEnded, "spacedrived on %s ended before it answered: %s", h.name, p.lastWords()).
			WithHint("is it of this version? %s spacedrived --version tells", h.login)
	case says("REMOTE HOST IDENTIFICATION HAS CHANGED"):
		return fail(ReasonHostKey, "%s has another host key than the one that ssh knows: it may be another machine", h.name).
			WithHint("find out why; where the new key is right, ssh-keygen -R removes the old one")
	case says("Host key verification failed"):
		return fail(ReasonHostKey, "ssh does not know the host key of %s", h.name).
			WithHint("connect once by hand, and compare the key that it shows: %s", h.login)
	case says("Permission denied ("):
		return fail(ReasonLogin, "%s refuses the login: %s", h.name, lastLine(words)).
			WithHint("this must let you in: %s; which key it uses stands in ~/.ssh/config, and ssh-agent spares its passphrase", h.login)
	case says("Could not resolve hostname"):
		return fail(ReasonUnreachable, "there is no host %s: %s", h.name, lastLine(words))
	case says("Connection refused"):
		return fail(ReasonUnreachable, "no ssh server listens on %s: %s", h.name, lastLine(words)).
			WithHint("is sshd running there, and on that port?")
	case says("timed out", "No route to host", "Network is unreachable", "Host is down"):
		return fail(ReasonUnreachable, "%s cannot be reached: %s", h.name, lastLine(words))
	}
	return fail(ReasonEnded, "ssh to %s ended before the daemon answered: %s", h.name, lastLine(p.lastWords())).
		WithHint("try by hand: %s", h.login)
}

// broken explains the end of a session in which the daemon had answered.
func (h *sshHost) broken(p *process, err error) error {
	why := err.Error()
	if s := p.lastWords(); s != "" {
		why = lastLine(s)
	}
	return protocol.Errorf(protocol.ReadError, "the ssh connection to %s broke: %s", h.name, why).
		With("reason", ReasonBroken).With("host", h.name)
}

// lastLine returns the last line of a text, which is where programs say why.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
