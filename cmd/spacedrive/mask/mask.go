// Package mask replaces private names — of files, folders, users, hosts,
// libraries — by pseudonyms, in what a person is about to send to others.
//
// A Masker has one pseudonym for each name, so that what belongs together can
// still be told; it comes from a random key that is forgotten with the Masker.
// Private says what is known to be private beforehand. JSON, Lines, Text, Units,
// Dump and Metrics mask a document each, and learn names from it. A name that one
// document has in a path may stand alone in another, so documents are masked
// twice, and the first result is thrown away.
//
// What is masked is decided by where it stands, and what nothing is known of
// is masked: in JSON all texts but those of keys that are known to hold none
// but the programs' own words; in free text all absolute paths and all that
// stands in quotes. Then each name that was learnt anywhere is looked for
// everywhere, in whatever way it is escaped.
package mask

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
)

// A Masker masks the documents of one occasion.
type Masker struct {
	key        [32]byte
	public     map[string]bool // words that are nobody's
	vocabulary string          // all of them

	tokens map[string]string // by name, in its canonical form
	used   map[string]bool   // tokens
	names  *node             // those that are looked for everywhere
	roots  []string          // folders below which all is private
}

// New returns a masker that knows no name. The words are public, besides those
// that the programs use anyway: a name that is one of them stays readable
// outside of paths.
func New(words ...string) *Masker {
	m := &Masker{public: make(map[string]bool), tokens: make(map[string]string), used: make(map[string]bool), names: new(node)}
	_, _ = rand.Read(m.key[:]) // never fails, by its documentation
	for _, list := range [][]string{strings.Fields(ownWords), ownPhrases, words} {
		for _, w := range list {
			m.public[w] = true
		}
	}
	var all strings.Builder
	for w := range m.public {
		all.WriteString(w)
		all.WriteByte('\n')
	}
	m.vocabulary = all.String()
	return m
}

// Private has a name masked wherever it stands alone, however short it is. The
// kind begins its pseudonym.
func (m *Masker) Private(kind, name string) {
	if name != "" && !m.isPublicName(name) {
		m.learn(kind, canonical(name), 1)
	}
}

// Root has everything below a folder masked, and the folder's own path.
func (m *Masker) Root(folder string) {
	if folder = path.Clean(folder); strings.HasPrefix(folder, "/") && folder != "/" {
		m.roots = append(m.roots, folder)
		m.path(canonical(folder))
	}
}

// Names returns how many names have been masked.
func (m *Masker) Names() int { return len(m.tokens) }

// Lengths in bytes.
const (
	alone   = 3 // a shorter name is masked in paths only
	general = 5 // a longer one is masked even inside of words
)

// learn returns the pseudonym of a name in its canonical form. From then on
// the name is looked for everywhere, unless it has fewer than least bytes.
func (m *Masker) learn(kind, name string, least int) string {
	token, known := m.tokens[name]
	if !known {
		mac := hmac.New(sha256.New, m.key[:])
		mac.Write([]byte(name))
		sum := hex.EncodeToString(mac.Sum(nil))
		for n := 6; token == "" || m.used[token]; n++ {
			token = kind + "-" + sum[:n]
		}
		m.tokens[name], m.used[token] = token, true
	}
	if len(name) >= least && !m.public[name] {
		m.names.add(name, token, len(name) < general || m.isPublic(name) || strings.Contains(m.vocabulary, name))
	}
	return token
}

// whole masks a text that may be one name. What has the shape of a number or a
// time stays, unless it is known as a name.
func (m *Masker) whole(kind, text string) string {
	if m.isPublic(text) && m.tokens[text] == "" || m.public[text] {
		return text
	}
	return m.name(kind, text)
}

// name masks a name. An extension that everybody has stays.
func (m *Masker) name(kind, name string) string {
	if name == "" || m.isPublicName(name) {
		return name
	}
	stem, ext := name, path.Ext(name)
	if extensions[strings.ToLower(ext)] && len(ext) < len(name) {
		stem = strings.TrimSuffix(name, ext)
	} else {
		ext = ""
	}
	if m.isPublicName(stem) {
		return name
	}
	return m.learn(kind, stem, alone) + ext
}

// path masks a path, each component for itself.
func (m *Masker) path(p string) string {
	parts := strings.Split(p, "/")
	for i, part := range parts {
		switch {
		case i == 1 && parts[0] == "" && topFolders[part]:
		case ownFolders[part] || part == "." || part == ".." || part == "~":
		default:
			parts[i] = m.name("name", part)
			if m.public[part] { // in a path it is a name all the same
				parts[i] = m.learn("name", part, alone)
			}
		}
	}
	return strings.Join(parts, "/")
}

// system reports whether a path is one that every machine has.
func (m *Masker) system(p string) bool {
	for _, root := range m.roots {
		if p == root || strings.HasPrefix(p, root+"/") {
			return false
		}
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	return systemFolders[first] && !strings.HasPrefix(p, "/dev/shm/")
}
