package main

import (
	"os"
	"regexp"
	"strings"
)

// unquoted returns a word that was typed as bash or zsh will expand it: without
// quotes and backslashes, a leading ~/ and variables expanded. open is the quote
// that is not closed yet, 0 where there is none. It returns false for a word that
// would have to be evaluated.
func unquoted(word string) (text string, open byte, ok bool) {
	if rest, home := strings.CutPrefix(word, "~/"); home {
		text, open, ok = unquoted(rest)
		return os.Getenv("HOME") + "/" + text, open, ok
	}
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		c := word[i]
		switch {
		case c == '\'' && open != '"', c == '"' && open != '\'':
			if open == 0 {
				open = c
			} else {
				open = 0
			}
		case open == '\'':
			b.WriteByte(c)
		case c == '\\':
			if i++; i == len(word) {
				break
			}
			if open == '"' && !strings.ContainsRune("\\\"$`", rune(word[i])) {
				b.WriteByte('\\')
			}
			b.WriteByte(word[i])
		case c == '`', open == 0 && strings.ContainsRune("(){}<>|;&", rune(c)):
			return "", 0, false
		case c == '$':
			name := variable.FindString(word[i:])
			if name == "" {
				return "", 0, false
			}
			b.WriteString(os.ExpandEnv(name))
			i += len(name) - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), open, true
}

// variable matches a variable that stands for its value, without operators.
var variable = regexp.MustCompile(`^\$(\w+|\{\w+\})`)

// expanded returns a word from which fish has removed the quotes as fish will
// expand it.
func expanded(word string) (string, bool) {
	if rest, home := strings.CutPrefix(word, "~/"); home {
		word = "$HOME/" + rest
	}
	return os.ExpandEnv(word), !strings.ContainsAny(word, "()")
}

// completed returns a candidate as bash is to insert it in place of a word that was
// typed, false where the candidate does not begin with the word. It keeps the quote
// that the word begins with.
func completed(word, candidate string) (string, bool) {
	text, open, ok := unquoted(word)
	if !ok || !strings.HasPrefix(candidate, text) {
		return "", false
	}
	switch quotes := strings.Count(word, `"`) + strings.Count(word, "'"); {
	case open == 0 && quotes == 0:
		return backslashed(candidate), true
	case open == 0, quotes != 1, word[0] != open:
		return "", false // readline reads a quote inside a word as the beginning of a word
	case open == '"' && strings.Contains(candidate, "!"):
		return "", false // bash expands its history there, and would keep a backslash before it
	case open == '"':
		text = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(candidate)
	default:
		text = strings.ReplaceAll(candidate, "'", `'\''`)
	}
	if text[len(text)-1] == open { // readline reads it as the end of the quote, and adds none
		text += string(open)
	}
	return text, true
}

// backslashed quotes a word for bash so that readline can insert the part that the
// candidates have in common.
func backslashed(text string) string {
	var b strings.Builder
	for i, c := range []byte(text) {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c >= 0x80, strings.IndexByte("_-./,:=@%+", c) >= 0, c == '~' && i > 0:
		default:
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
