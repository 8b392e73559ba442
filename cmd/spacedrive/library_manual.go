package main

// Manual says what the page of library says beyond its help.
func (*libraryCmd) Manual() string {
	return `
A library is an index, with a database of its own: the locations that belong to
it, their files and folders, and the jobs that were run for it. 'spacedrive
quickstart' makes the first one, "Home". Most people need no other; a second one
keeps things apart that are not to be found together, such as work and family.

Libraries are named by their name, by their id, or by the beginning of the id, as
far as it is not another's, too. Names differ by more than case.

# Which library a command works in

The one that --library names; else the one that SPACEDRIVE_LIBRARY names; else the
default library, which 'spacedrive library use' sets; else the only one that there
is. Where there are several and none is meant, the command says so and does
nothing. The default is a setting of this user's, not of the daemon: no other
client's commands change. Each instance has its own, as has each data folder,
socket and host that is named.

# Examples

Make a library and have it meant from now on:
    spacedrive library create Archive
    spacedrive library use Archive

See what there is, and which one is meant:
    spacedrive library list

See how many files of which kinds a library has:
    spacedrive library info Home

Give it another name:
    spacedrive library rename Archive 'Old things'

Forget it, and remove its index; the files that it indexed stay as they are:
    spacedrive library delete 'Old things' --delete-data --yes

# Files

~/.local/share/spacedrive/libraries/ID
    The library's database, below the daemon's data folder.
~/.config/spacedrive/config.toml
    Where 'spacedrive library use' writes its choice.

# See also

spacedrive-location(1), spacedrive-quickstart(1)
`
}
