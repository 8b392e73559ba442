package main

// Manual says what the page of call says beyond its help.
func (*callCmd) Manual() string {
	return `
Calls an operation as a program would, with the input and the answer in JSON. All
that the other commands do can be done by it, and what has no command yet, too.
The operation is called in the library of the run, where it is about one: see
--library in spacedrive(1).

# Examples

Ask for the daemon's state:
    spacedrive call core.status

Search:
    spacedrive call search.files '{"query":"report","limit":3}'

Read the input from a pipe:
    echo '{"query":"report"}' | spacedrive call search.files -

See what the operation takes:
    spacedrive methods search.files

# See also

spacedrive-methods(1), spacedrive-events(1)
`
}
