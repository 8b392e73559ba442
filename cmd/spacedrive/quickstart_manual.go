package main

// Manual says what the page of quickstart says beyond its help.
func (*quickstartCmd) Manual() string {
	return `
When it is done it prints how many files and folders there are, how much room they
take, of which kinds the biggest are, and three commands to try next.

A folder that is, or lies in, a location already is not indexed twice.

# Examples

Index a folder:
    spacedrive quickstart ~/Documents

Index the current one:
    cd ~/Photos && spacedrive quickstart

# See also

spacedrive-search(1), spacedrive-location(1), spacedrive-library(1)
`
}
