package main

// Manual says what the page of methods says beyond its help.
func (*methodsCmd) Manual() string {
	return `
Asks the daemon which operations it has. Without a name it lists them, with their
kind (a query reads, an action changes) and their scope (those of scope library
work in one). With a name, short or full, it prints what the operation takes and
returns, as JSON Schemas.

# Examples

See what there is:
    spacedrive methods

See what a search takes:
    spacedrive methods search.files

Print the names alone, with jq(1):
    spacedrive --json methods | jq -r '.methods[].name'

# See also

spacedrive-call(1)
`
}
