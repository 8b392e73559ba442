package store

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// applicationID marks a database as ours (https://sqlite.org/pragma.html#pragma_application_id):
// "spdr" in ASCII.
const applicationID = 0x73706472

// Offsets in SQLite's file header (https://sqlite.org/fileformat.html, section 1.3).
const (
	headerSize          = 100
	headerMagic         = "SQLite format 3\x00"
	headerUserVersion   = 60
	headerApplicationID = 68
)

// checkHeader reads the first bytes of the file at path and refuses what is
// not ours or is newer, without opening it as a database, which could change
// it. It reports whether the database is still to be made: there is no file,
// or an empty one.
func (s *Schema) checkHeader(path string) (fresh bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return os.IsNotExist(err), err
	}
	defer f.Close()
	var header [headerSize]byte
	n, err := io.ReadFull(f, header[:])
	if n == 0 && errors.Is(err, io.EOF) {
		return true, nil
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	if n < headerSize || string(header[:len(headerMagic)]) != headerMagic {
		return false, protocol.Errorf(protocol.OperationFailed, "%s is not a database, or is damaged", path).
			With("path", protocol.Path(path)).WithHint("put a copy of it back: %s.v*.bak beside it is one, if it is there", filepath.Base(path))
	}
	version := int(binary.BigEndian.Uint32(header[headerUserVersion:]))
	id := binary.BigEndian.Uint32(header[headerApplicationID:])
	if id != applicationID && (id != 0 || version != 0) {
		return false, s.foreignError(path)
	}
	if version > s.newest() {
		return false, s.newerError(path, version)
	}
	return false, nil
}

func (s *Schema) foreignError(path string) *protocol.Error {
	return protocol.Errorf(protocol.OperationFailed, "%s is another program's database", path).
		With("path", protocol.Path(path)).WithHint("choose another folder for the %s", s.Of)
}

func (s *Schema) newerError(path string, version int) *protocol.Error {
	return protocol.Errorf(protocol.OperationFailed, "%s was written by a newer spacedrive: its schema has version %d, this program knows up to %d",
		path, version, s.newest()).
		With("path", protocol.Path(path)).With("version", version).With("known_version", s.newest()).
		WithHint("upgrade spacedrive")
}
