package api

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// Operations on libraries.
var (
	LibrariesCreate     = protocol.CoreAction[LibraryCreateInput, Library]("libraries.create", "Create a library, or open one that is already at a path")
	LibrariesList       = protocol.CoreQuery[Empty, Libraries]("libraries.list", "List the libraries")
	LibrariesInfo       = protocol.LibraryQuery[Empty, LibraryInfo]("libraries.info", "Show a library and what is in it")
	LibrariesRename     = protocol.LibraryAction[LibraryRenameInput, Library]("libraries.rename", "Give a library another name").Explicit()
	LibrariesDelete     = protocol.LibraryAction[LibraryDeleteInput, LibraryDeleteOutput]("libraries.delete", "Forget a library, and with delete_data remove its data").Explicit()
	LibrariesCurrent    = protocol.CoreQuery[Empty, CurrentLibrary]("libraries.session.current", "Show the library that calls on this connection mean when they name none")
	LibrariesSetCurrent = protocol.LibraryAction[Empty, CurrentLibrary]("libraries.session.set_current", "Set the library that calls on this connection mean when they name none").Explicit()
)

// LibraryCreateInput asks for a new library.
type LibraryCreateInput struct {
	Name string `json:"name" jsonschema:"1 to 64 characters of any script, without path separators and control characters"`
	Path Path   `json:"path,omitzero" jsonschema:"absolute path of the library's folder; default: below the data folder. A library that is already there is opened"`
}

// Validate checks the name and the path.
func (in *LibraryCreateInput) Validate() error {
	if in.Path != "" && in.Path[0] != '/' {
		return protocol.Invalid("path", "the path %q is not absolute", in.Path)
	}
	return checkLibraryName("name", &in.Name)
}

// LibraryRenameInput asks for another name.
type LibraryRenameInput struct {
	NewName string `json:"new_name" jsonschema:"1 to 64 characters of any script, without path separators and control characters"`
}

// Validate checks the name.
func (in *LibraryRenameInput) Validate() error { return checkLibraryName("new_name", &in.NewName) }

const maxLibraryName = 64 // characters

// checkLibraryName checks a library's name and trims white space around it.
func checkLibraryName(field string, name *string) error {
	*name = strings.TrimSpace(*name)
	n := utf8.RuneCountInString(*name)
	if n == 0 {
		return protocol.Invalid(field, "a library needs a name")
	}
	if n > maxLibraryName {
		return protocol.Invalid(field, "the name has %d characters; at most %d are allowed", n, maxLibraryName)
	}
	for _, r := range *name {
		if r == '/' || r == '\\' || unicode.IsControl(r) || r == utf8.RuneError {
			return protocol.Invalid(field, "the name holds %q; path separators and control characters are not allowed", r)
		}
	}
	if *name == "." || *name == ".." {
		return protocol.Invalid(field, "the name %q means a folder", *name)
	}
	return nil
}

// Libraries is the list of libraries, by name.
type Libraries struct {
	Libraries []Library `json:"libraries"`
}

// Library is a library: an index over locations, in one folder.
type Library struct {
	ID        ID        `json:"id"`
	Name      string    `json:"name"`
	Path      Path      `json:"path" jsonschema:"the folder that holds the library's own data"`
	CreatedAt time.Time `json:"created_at"`
	State     string    `json:"state" jsonschema:"open or failed"`
	Error     string    `json:"error,omitzero" jsonschema:"why it could not be opened"`
}

// LibraryInfo is a library with what is in it.
type LibraryInfo struct {
	Library
	Statistics    Statistics `json:"statistics"`
	SchemaVersion int        `json:"schema_version"`
	SizeOnDisk    int64      `json:"size_on_disk" jsonschema:"bytes of the library's own data"`
}

// Statistics counts what a library's locations hold.
type Statistics struct {
	Files          int64            `json:"files"`
	Folders        int64            `json:"folders"`
	Bytes          int64            `json:"bytes"`
	Kinds          map[string]Count `json:"kinds" jsonschema:"files by kind"`
	Locations      int              `json:"locations"`
	DuplicateBytes int64            `json:"duplicate_bytes" jsonschema:"bytes that copies of the same content take beyond the first; only content that was hashed counts"`
}

// Count is a number of files and their size.
type Count struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// LibraryDeleteInput says what becomes of the data.
type LibraryDeleteInput struct {
	DeleteData bool `json:"delete_data,omitzero" jsonschema:"remove the library's own data too; the files that it indexes are never touched"`
}

// LibraryDeleteOutput is the library that was deleted.
type LibraryDeleteOutput struct {
	ID          ID     `json:"id"`
	Name        string `json:"name"`
	Path        Path   `json:"path" jsonschema:"where the data is, or was"`
	DataDeleted bool   `json:"data_deleted"`
}

// CurrentLibrary is the connection's current library, null where none is set.
type CurrentLibrary struct {
	Library *Library `json:"library"`
}
