package entries

import (
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// MagicLength is how many of a file's first bytes tell its kind.
const MagicLength = 3072

// KindOfContent returns the kind of a regular file by its first bytes. Where
// they do not tell more than byName, the kind by the file's name, it is that:
// plain text may be code or a table, a zip archive may be a book.
func KindOfContent(head []byte, byName Kind) Kind {
	if len(head) == 0 {
		return byName
	}
	m := mimetype.Detect(head)
	for t := m; t != nil; t = t.Parent() {
		if k, ok := kindOfMIME(t.String()); ok {
			if k == Archive && packed(byName) {
				return byName
			}
			return k
		}
		if t.Is("text/plain") {
			if textual(byName) {
				return byName
			}
			return Text
		}
	}
	if m.Is("application/octet-stream") && (byName == Code || byName == Text) {
		return Other // named as text, and is none
	}
	return byName
}

// textual reports whether files of a kind may be plain text.
func textual(k Kind) bool {
	switch k {
	case Code, Text, Configuration, Document, Spreadsheet, Message, Key, Data, Model:
		return true
	}
	return false
}

// packed reports whether files of a kind may be an archive inside.
func packed(k Kind) bool {
	switch k {
	case Document, Spreadsheet, Presentation, Book, Image, Executable, DiskImage, Font, Model, Data, Database:
		return true
	}
	return false
}

// kindOfMIME returns the kind of a media type, where the type alone tells it.
func kindOfMIME(mime string) (Kind, bool) {
	mime, _, _ = strings.Cut(mime, ";")
	if k, ok := mimeKinds[mime]; ok {
		return k, true
	}
	main, _, _ := strings.Cut(mime, "/")
	k, ok := map[string]Kind{"image": Image, "video": Video, "audio": Audio, "font": Font, "model": Model}[main]
	return k, ok
}

var mimeKinds = map[string]Kind{
	"application/pdf":               Document,
	"application/postscript":        Document,
	"application/msword":            Document,
	"application/rtf":               Document,
	"text/rtf":                      Document,
	"application/vnd.ms-excel":      Spreadsheet,
	"application/vnd.ms-powerpoint": Presentation,
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   Document,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         Spreadsheet,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": Presentation,
	"application/vnd.oasis.opendocument.text":                                   Document,
	"application/vnd.oasis.opendocument.spreadsheet":                            Spreadsheet,
	"application/vnd.oasis.opendocument.presentation":                           Presentation,
	"application/epub+zip":                          Book,
	"application/x-mobipocket-ebook":                Book,
	"application/ogg":                               Audio,
	"application/zip":                               Archive,
	"application/gzip":                              Archive,
	"application/x-tar":                             Archive,
	"application/x-xz":                              Archive,
	"application/x-bzip2":                           Archive,
	"application/x-7z-compressed":                   Archive,
	"application/x-rar-compressed":                  Archive,
	"application/zstd":                              Archive,
	"application/vnd.debian.binary-package":         Archive,
	"application/x-rpm":                             Archive,
	"application/jar":                               Archive,
	"application/x-elf":                             Executable,
	"application/x-executable":                      Executable,
	"application/x-sharedlib":                       Executable,
	"application/x-object":                          Executable,
	"application/x-coredump":                        Data,
	"application/vnd.microsoft.portable-executable": Executable,
	"application/x-mach-binary":                     Executable,
	"application/x-java-applet":                     Executable,
	"application/wasm":                              Executable,
	"application/vnd.sqlite3":                       Database,
	"application/x-sqlite3":                         Database,
	"application/x-msaccess":                        Database,
	"application/x-iso9660-image":                   DiskImage,
	"application/vnd.ms-fontobject":                 Font,
}
