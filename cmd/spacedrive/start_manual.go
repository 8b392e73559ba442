package main

// Manual says what the page of start says beyond its help.
func (*startCmd) Manual() string {
	return `
Only start, restart and quickstart start a daemon by themselves. To any other
command it may be systemd or launchd that does, by the connection to its socket.
Where a daemon answers already, start says so and does nothing.

# Examples

Start the daemon, however it is started here:
    spacedrive start

Start one with a data folder of its own, beside the one that runs:
    spacedrive --data-dir ~/trial start

# See also

spacedrive-stop(1), spacedrive-status(1), spacedrive-service(1), spacedrived(8)
`
}
