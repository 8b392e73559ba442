package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// tellingNames are names that must not leave the machine, each with something
// in it that is written in another way somewhere. Of each, the letters Zq with
// a number stay as they are in every way of writing.
var tellingNames = []string{
	"Zq1 Scheidung",
	"Zq2 \"Anwalt\" und 'Richter'",
	"Zq3 Überfällig – 漢字 🎉",
	"Zq4 bad\xff\xfebytes",
	"Zq5 line\nbreak\tand\\back",
	"Zq6%41%prozent",
	"Zq7: colon, comma; (parens) -dash",
}

// cmdTelling makes a tree of telling names, each a folder in the one before,
// with a file in each: telling FOLDER. $DEEPEST is the last folder.
func cmdTelling(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: telling FOLDER")
	}
	dir := ts.MkAbs(args[0])
	for i, name := range tellingNames {
		dir = filepath.Join(dir, name)
		ts.Check(os.MkdirAll(dir, 0o755))
		ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("Zq8%d Steuer.pdf", i)), []byte("x"), 0o644))
	}
	ts.Setenv("DEEPEST", dir)
}

// cmdDiscreet checks that nothing in an archive tells a telling name, or one
// of the words, and prints all that is in it: discreet FILE [WORD...].
func cmdDiscreet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: discreet FILE [WORD...]")
	}
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	if info.Mode().Perm() != 0o600 {
		ts.Fatalf("%s has mode %o", path, info.Mode().Perm())
	}
	f, err := os.Open(path)
	ts.Check(err)
	defer f.Close()
	zip, err := gzip.NewReader(f)
	ts.Check(err)
	words := append([]string{"Zq", "cheidung", "Anwalt", "Richter", "berf", "llig", "Steuer", "prozent", "parens", ts.Getenv("WORK")}, args[1:]...)
	for archive := tar.NewReader(zip); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		ts.Check(err)
		text, err := io.ReadAll(archive)
		ts.Check(err)
		for _, word := range words {
			for at := 0; ; {
				i := bytes.Index(text[at:], []byte(word))
				if i < 0 {
					break
				}
				at += i + 1
				ts.Fatalf("%s tells %q: …%s…", h.Name, word, text[max(0, at-200):min(len(text), at+200)])
			}
		}
		fmt.Fprintf(ts.Stdout(), "== %s\n%s\n", h.Name[strings.IndexByte(h.Name, '/')+1:], text)
	}
}
