package main

// Manual says what the page of debug says beyond its help.
func (*debugCmd) Manual() string {
	return `
For when something is slow, stuck or missing, and 'spacedrive doctor' finds
nothing. It is about the whole daemon, with all its instances, and looking costs
next to nothing.

# Examples

See connections, calls in flight, and subscriptions:
    spacedrive debug

See what every goroutine of the daemon does:
    spacedrive debug --goroutines

Write one archive to send to somebody:
    spacedrive debug bundle trouble.tar.gz

Print a counter:
    spacedrive debug metrics | grep spacedrive_connections

# Files

~/.local/share/spacedrive/logs/debug.json
    What the daemon writes when it is sent SIGUSR1.

# See also

spacedrive-doctor(1), spacedrive-logs(1), spacedrived(8)
`
}
