package mask

import (
	"strings"
)

// Units masks what systemctl prints: command lines and settings, and the values
// of variables.
func (m *Masker) Units(s string) string {
	var out, setting strings.Builder
	for line := range strings.Lines(s) {
		if setting.Len() > 0 || environment().MatchString(line) { // a setting may go on in the next line
			if more, ok := strings.CutSuffix(strings.TrimRight(line, "\r\n"), `\`); ok {
				setting.WriteString(more + " ")
				continue
			}
			line = setting.String() + line
			setting.Reset()
		}
		out.WriteString(m.setting(line))
	}
	out.WriteString(m.setting(setting.String()))
	return out.String()
}

// environment matches the beginning of a setting of variables, in force or not.
var environment = lazy(`^[\s#;]*(?:Environment|SetCredential|SetCredentialEncrypted)\s*=\s*`)

func (m *Masker) setting(line string) string {
	begin := environment().FindString(line)
	if begin == "" {
		return m.lines(line, inCommand())
	}
	var out strings.Builder
	out.WriteString(begin)
	for rest := line[len(begin):]; rest != ""; {
		n := len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
		out.WriteString(rest[:n])
		rest = rest[n:]
		n = wordEnd(rest)
		out.WriteString(m.variable(rest[:n]))
		rest = rest[n:]
	}
	return out.String()
}

// wordEnd returns where the first word of s ends, of which a part may be quoted.
func wordEnd(s string) int {
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.IndexByte(" \t\r\n", c) >= 0:
			return i
		}
	}
	return len(strings.TrimRight(s, "\r\n"))
}

var (
	assignment  = lazy(`(?s)^(\$?["']?[A-Za-z_][A-Za-z0-9_.-]*[=:]["']?)(.*?)(["']?)$`)
	ownVariable = lazy(`^\$?["']?(?:SPACEDRIVE_[A-Z_]+|XDG_[A-Z_]+|HOME|PATH)=`)
)

// variable masks the value of a variable. Of those that the programs use, only
// what is private in it.
func (m *Masker) variable(word string) string {
	if ownVariable().MatchString(word) && !strings.Contains(word, "SPACEDRIVE_LIBRARY=") {
		return m.message(word, inCommand())
	}
	name, value, quote := "", word, ""
	if parts := assignment().FindStringSubmatch(word); parts != nil {
		name, value, quote = parts[1], parts[2], parts[3]
	}
	if value == "" {
		return name + quote
	}
	plain := canonical(value)
	if strings.HasPrefix(plain, "/") && !m.system(plain) {
		m.path(plain) // whose names may stand elsewhere
	}
	return name + m.learn("value", plain, general) + quote
}
