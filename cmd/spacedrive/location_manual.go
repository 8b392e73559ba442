package main

// Manual says what the page of location says beyond its help.
func (*locationCmd) Manual() string {
	return `
A location is a folder whose tree is in a library's index. It stays in the index
when its disk is away: its entries can still be searched, and 'spacedrive location
list' tells that it is offline.

Locations are named by their name, their path, their id, or the beginning of the
id. A folder can be a location of a library once only, and neither lie in another
location nor around one.

No command here changes anything in the folder.

# How much is read

shallow
    Names, sizes and times, and the kind that a name's extension tells. It reads no
    file, and takes about a second for 100,000 of them.
content
    The content too: its identity, by which copies are found whatever their names,
    and the kind that its first bytes tell.
deep
    Besides, what media files say of themselves.

# Waiting

'add' and 'rescan' wait until the work is done and show how far it is. Ctrl-C asks
whether to cancel the job or leave it running. With --no-wait they return at once;
'spacedrive job watch' shows the job.

# Exit status

Folders that could not be read are counted and listed, the rest is indexed, and
the status is 5.

# Examples

Index a folder:
    spacedrive location add ~/Documents

Index a folder under a name of one's own, and do not wait:
    spacedrive location add ~/Photos --name Pictures --no-wait

See what there is, and how it is:
    spacedrive location list

Look for what has changed:
    spacedrive location rescan Documents

Read everything anew, even where size and time are what they were:
    spacedrive location rescan ~/Documents --full

Forget a location:
    spacedrive location remove Documents

# See also

spacedrive-search(1), spacedrive-job(1), spacedrive-library(1)
`
}
