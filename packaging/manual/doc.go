// Package manual writes man pages from kong's model of a command line, so that
// a page says nothing that the program does not: commands, arguments, options
// and their help are the grammar's, and the prose stands beside each command,
// where --help takes it from.
//
// Start with Edition.Program, which makes the pages of a program, one for each
// command; Edition.Page makes any other. Write puts them where man(1) looks.
//
// What a command has to say beyond its Help it says in a method Manual() string
// (Documented), in the text format that is described at Text.
package manual

// Documented is a command with more to say than its Help, as a Text.
type Documented interface{ Manual() string }
