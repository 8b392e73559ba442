package main

// Manual says what the page of events says beyond its help.
func (*eventsCmd) Manual() string {
	return `
Events are numbered from the daemon's start on. The last of them are kept: --after
begins with those that came after a number, --after 0 with the oldest there is.

With '--reconnect 0s' the end of the daemon is the end of the command. Where events
were lost, because they came faster than they were read, or the daemon was started
anew, a line says so, and with --json a document {"gap":...}.

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
