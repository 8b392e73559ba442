package main

// Manual says what the page of search says beyond its help.
func (*searchCmd) Manual() string {
	return `
# What fits

The query is cut into words at white space, and it does not matter whether the
shell hands them over as one argument or as several. An entry fits when each
word stands somewhere in its name, in any order: 'report 25' finds
'Annual Report 2025.pdf' and '2025-03 reporting.ods'. Only the name counts, not
the folders above it; for those there are --under and --in.

Letters fit without regard to case and accents: 'grosse' finds 'Größe', and 'CAFÉ'
finds 'cafe'. No character means anything special:
'.', '*', '-' and quotes are looked for as they stand. A word that begins with a
dash must come after '--', which ends the options.

Without a query every name fits, and at least one option must narrow the search.
Options narrow together: an entry has to fit them all. Where an option may be
repeated, --ext and --kind want one of their values to fit, --size and --modified
all of them.

# Order

The best hits come first: a name that is the query itself, then one that begins
with it, then one in which all words begin where a word of the name does, then
all others. Among equals, the shorter name is the better. --sort name begins with
the first letter of the alphabet, --sort size with the biggest, --sort modified
and --sort created with the newest.

# Sizes

+10M
    10 MiB or more.
-500k
    500 KiB or less.
4096
    Just 4096 bytes.

The units are 'k', 'M', 'G' and 'T' for powers of 1024, also written 'KiB' and so
on, and 'kB', 'MB', 'GB' and 'TB' for powers of 1000; without one it is bytes. Both
ends of a span may be given: '--size +1M --size -10M'. Folders have no size, and
are not found with --size.

# Times

7d, -7d
    Within the last seven days.
+2w
    Longer ago than two weeks.
2026-01-31
    Since that day began, in the local time zone.
+2026-01-31
    Before that day.
2026-01-31T08:30
    Since that minute.

The units are 's', 'min', 'h', 'd', 'w', 'mo' (30 days) and 'y' (365 days). Both
ends may be given here, too: '--modified 2026-01-01 --modified +2026-02-01' is
January.

# Kinds

folder, symlink, special, document, spreadsheet, presentation, text, book,
image, video, audio, model, font, archive, disk_image, executable, code,
configuration, database, data, message, key, other. Without a file's content,
its extension decides; see '--mode' in spacedrive-location(1).

# Hidden files

A file is hidden when its name, or that of a folder between it and the location's
root, begins with a dot. Hidden files are found with --hidden only. What lies
above the root does not count: in a location '~/.config', nothing is hidden but
what is hidden in it.

# Output

On a terminal, a table of the first 100 hits, with what fits in bold. Piped, all of
them, a path a line. A name on a Unix system may hold any byte, a newline too, so
what reads the paths should be given them with -0: 'xargs -0', 'sort -z',
'rsync --from0', 'tar --null -T-'. The bytes of a name are passed on unchanged,
be they UTF-8 or not.

With --json, one document with 'hits', the number of all of them as 'total', and
'took_ms'. A path that is not UTF-8 stands there as {"b64":"..."}.

# Exit status

That nothing was found is no failure: it is 0, with no output.

# Examples

Find everything with both words in its name:
    spacedrive search annual report

Find pictures, biggest first, at most ten:
    spacedrive search --kind image --sort size --limit 10

Find what was changed within the last day below a folder, hidden files too:
    spacedrive search --modified 1d --under ~/Documents --hidden

Find films and disk images of more than 1 GiB that were not changed for a year:
    spacedrive search --size +1G --modified +1y --kind video --kind disk_image

See how much room invoices take, whatever is in their names:
    spacedrive search -0 invoice | du -ch --files0-from=-

Pack this year's documents of one location into an archive:
    spacedrive search -0 --in Documents --ext pdf --ext odt | tar --null -T- -czf documents.tar.gz

Find a name whatever its accents:
    spacedrive search grosse

Find a name that begins with a dash:
    spacedrive search -- -draft

Print name and size of each hit from JSON, with jq(1):
    spacedrive --json search report | jq -r '.hits[].entry | "\(.size)\t\(.name)"'

# See also

spacedrive-location(1), spacedrive-library(1), find(1), locate(1), xargs(1)
`
}
