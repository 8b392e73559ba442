package main

// Manual says what the page of stop says beyond its help.
func (*stopCmd) Manual() string {
	return `
Waits until the daemon has ended. Calls that are running, and jobs, get some
seconds to come to an end; a job that does not is paused at its last checkpoint,
and goes on at the next start.

Where a socket unit is installed, it still listens, and the next connection starts
the daemon again; stop says so. '--socket' stops the socket unit too: after 'stop', and
without a path, it is no longer the option of every command.

# Examples

Stop the daemon:
    spacedrive stop

Stop it for good, until its socket unit is started again:
    spacedrive stop --socket || spacedrive stop
    spacedrive start

# See also

spacedrive-start(1), spacedrive-service(1)
`
}

// Manual says what the page of restart says beyond its help.
func (*restartCmd) Manual() string {
	return `
After an upgrade, this has the new program run. Where a socket unit is installed,
its socket holds while the daemon is away: what connects meanwhile waits, and
nothing is refused. Commands that watch go on with the new daemon.

# Examples

Restart the daemon:
    spacedrive restart

# See also

spacedrive-start(1), spacedrive-stop(1)
`
}
