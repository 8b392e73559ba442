package main

// Manual says what the page of events says beyond its help.
func (*eventsCmd) Manual() string {
	return `
Prints a line for each thing that happens in the daemon: a library made, entries
changed, a job's progress. Ctrl-C ends it.

Events are numbered from the daemon's start on. The last of them are kept: --after
begins with those that came after a number, --after 0 with the oldest there is.

When the daemon ends, or the connection breaks, the command waits for the next one
and goes on where it was. --reconnect, one of the options of every command, says
how long it waits: 30 seconds where nothing is said; '--reconnect 0s' ends it at
once. Where events were lost, because they came faster than they were read, or the
daemon was started anew, a line says so, and with --json a document {"gap":...}.

With --json each event is a document on a line of its own, with its number as
'seq', its 'type', its 'time' and its 'data'. 'spacedrive methods' lists the types,
and their data. With --library it is only what happens in that library.

# Examples

Watch everything but the log:
    spacedrive events

Print the jobs' progress as JSON, as far back as the daemon knows:
    spacedrive --json events --type JobUpdate --after 0

Run a command each time that files have changed, until the daemon is stopped:
    spacedrive --reconnect 0s --json events --type EntriesChanged |
      while read -r event; do echo "something changed"; done

# See also

spacedrive-logs(1), spacedrive-job(1), spacedrive-methods(1)
`
}
