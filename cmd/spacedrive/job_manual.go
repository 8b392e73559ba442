package main

// Manual says what the page of job says beyond its help.
func (*jobCmd) Manual() string {
	return `
Long work is done by jobs, in the daemon: indexing a location, say. A job outlives
the command that started it, a crash of the daemon, and a restart of the machine:
it goes on from its last checkpoint. One that was paused stays paused.

Jobs are named by their id, or the beginning of it, as far as it is not another's.
Jobs belong to a library: see --library in spacedrive(1).

# Examples

See the newest jobs:
    spacedrive job list

See what a job did, and what it could not do:
    spacedrive job show 019f2c7a

Hold it, and let it go on later:
    spacedrive job pause 019f2c7a
    spacedrive job resume 019f2c7a

Watch whatever is running, to the end:
    spacedrive job watch

Print the ids of the jobs that failed, with jq(1):
    spacedrive --json job list --status failed | jq -r '.jobs[].id'

# See also

spacedrive-location(1), spacedrive-logs(1), spacedrive-events(1)
`
}
