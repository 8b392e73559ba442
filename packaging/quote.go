package packaging

import (
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// checkPath refuses a path that a unit file cannot contain. Such a file is UTF-8, with
// one setting a line (systemd.syntax(7)); systemd would ignore the line and use a
// default.
func checkPath(field, path string) error {
	switch {
	case !filepath.IsAbs(path):
		return protocol.Invalid(field, "the path %q is not absolute", path)
	case !utf8.ValidString(path):
		return protocol.Invalid(field, "a service cannot be given the path %q: it is not UTF-8", path).
			WithHint("use another path, or run the daemon without a service: spacedrive start")
	case strings.ContainsFunc(path, unicode.IsControl):
		return protocol.Invalid(field, "a service cannot be given the path %q: it holds a control character", path).
			WithHint("use another path, or run the daemon without a service: spacedrive start")
	}
	return nil
}

// checkProgramPath also refuses what systemd allows in any path but that of a program
// (string_is_safe in its source).
func checkProgramPath(path string) error {
	if err := checkPath("program", path); err != nil {
		return err
	}
	if strings.ContainsAny(path, `"'\`) {
		return protocol.Invalid("program", "a service cannot run %q: no program's path may hold \" ' or \\", path).
			WithHint("put spacedrived in another folder, such as ~/.local/bin")
	}
	return nil
}

// escapeSpecifiers escapes %h and the like in a path, which systemd would expand.
func escapeSpecifiers(path string) string { return strings.ReplaceAll(path, "%", "%%") }

// execWord returns value as one word of ExecStart= (systemd.service(5),
// "Command lines"): in double quotes where it needs them. ListenStream= takes the
// rest of its line and has no quotes.
func execWord(value string) string {
	if !strings.ContainsAny(value, ` "'\;`) {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// ShellWord quotes s for sh(1), where that needs it.
func ShellWord(s string) string {
	special := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-+./,:=@%", r)
	}
	if s != "" && !strings.ContainsFunc(s, special) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
