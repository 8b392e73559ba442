package main

// Manual says what the page of logs says beyond its help.
func (*logsCmd) Manual() string {
	return `
Each line has the time, how severe it is, what happened, which part of the daemon
says so, and more as 'key=value'. What belongs to one call, or to the job that the
call started, has the same 'trace_id'. With --json each line is a document.

What the daemon logs at all is set by 'log_level' in spacedrive.toml(5): --level
chooses among the lines that there are.

# Examples

See the last lines:
    spacedrive logs

Go on with new ones as they come, beginning with none:
    spacedrive logs -f -n 0

See what went wrong lately:
    spacedrive logs --level warn -n 1000

See all that a job said:
    spacedrive logs --job 019f2c7a -n 4096

# Files

~/.local/share/spacedrive/logs/daemon.log
    The log, where it does not go to the journal.

# See also

spacedrive-events(1), spacedrive-debug(1), spacedrived(8), journalctl(1)
`
}
