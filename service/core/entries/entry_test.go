package entries

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/spacedrive-go/spacedrive/protocol"
)

func TestIDs(t *testing.T) {
	one, two := IDSpace{Library: protocol.NewID()}, IDSpace{Library: protocol.NewID()}
	two.Library[0]++
	rapid.Check(t, func(t *rapid.T) {
		one.Mask = rapid.Uint64Range(0, 1<<62-1).Draw(t, "mask")
		number := rapid.Int64Range(1, 1<<62-1).Draw(t, "number")
		id := one.ID(number)
		if got, ok := one.Number(id); !ok || got != number {
			t.Fatalf("%v is entry %d, %v", id, got, ok)
		}
		if _, ok := two.Number(id); ok {
			t.Fatal("another library takes it for its own")
		}
		if id.Version() != 7 || id.Variant().String() != "RFC4122" {
			t.Fatalf("%v has version %d, variant %v", id, id.Version(), id.Variant())
		}
	})
	for _, id := range []protocol.ID{{}, two.Library, one.ID(0)} {
		if number, ok := one.Number(id); ok {
			t.Errorf("%v is entry %d", id, number)
		}
	}
}

func TestKindOfName(t *testing.T) {
	for name, want := range map[string]Kind{
		"a.jpg": Image, "A.JPEG": Image, "x.tar.gz": Archive, "movie.mkv": Video, "song.FLAC": Audio, "main.go": Code,
		"Makefile": Code, "README": Text, ".bashrc": Configuration, ".gitignore": Configuration, "x.epub": Book, "x.woff2": Font,
		"x.sqlite": Database, "lib.so": Executable, "x.iso": DiskImage, "x.toml": Configuration, "x.xlsx": Spreadsheet,
		"x.pptx": Presentation, "x.stl": Model, "x.eml": Message, "x.pem": Key, "noext": Other, ".": Other, "": Other, "x.": Other,
		"x.averyveryverylongextension": Other, "bad\xff.pdf": Document, ".hidden.pdf": Document, "x.ŁÓ": Other,
	} {
		if got := KindOfName(name); got != want {
			t.Errorf("%q is %v, want %v", name, got, want)
		}
	}
}

func TestKindNumbersAndWords(t *testing.T) {
	for k := Folder; k <= Data; k++ {
		if back, ok := ParseKind(k.String()); !ok || back != k {
			t.Errorf("%d: %q is %d, %v", k, k, back, ok)
		}
	}
	for _, word := range []string{"", "Image", "pictures"} {
		if k, ok := ParseKind(word); ok {
			t.Errorf("%q is %v", word, k)
		}
	}
	if len(KindNames()) != int(Data) || Kind(200).String() != "other" {
		t.Error("words and numbers do not fit")
	}
}

func TestKindOfContent(t *testing.T) {
	elf := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 100)...)
	elf[16] = 2
	for _, tt := range []struct {
		name string
		head string
		want Kind
	}{
		{"photo.txt", "\xff\xd8\xff\xe0\x00\x10JFIF\x00", Image},
		{"a.jpg", "just some text\n", Text},
		{"noext", "just some text\n", Text},
		{"main.go", "package main\n", Code},
		{"x.toml", "a = 1\n", Configuration},
		{"notes", "%PDF-1.7\n", Document},
		{"program", string(elf), Executable},
		{"x.zip", "PK\x03\x04\x14\x00\x00\x00", Archive},
		{"x.cbz", "PK\x03\x04\x14\x00\x00\x00", Book},
		{"x", "PK\x03\x04\x14\x00\x00\x00", Archive},
		{"x.txt", "\x00\x01\x02\x80\x81", Other},
		{"x.dat", "\x00\x01\x02\x80\x81", Data},
		{"empty.jpg", "", Image},
		{"x.mp3", "ID3\x03\x00\x00\x00\x00\x00\x00", Audio},
		{"x.bin", "SQLite format 3\x00", Database},
		{"x.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\">", Image},
	} {
		if got := KindOfContent([]byte(tt.head), KindOfName(tt.name)); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
