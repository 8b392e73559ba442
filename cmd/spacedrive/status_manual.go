package main

// Manual says what the page of status says beyond its help.
func (*statusCmd) Manual() string {
	return `
Tells the daemon's process id, version and age, its socket and who made it, the
instances that it serves, their libraries and jobs, who is connected, and how much
memory it takes. Where it is of another version than spacedrive itself, as after an
upgrade, it says so: 'spacedrive restart' runs the installed one.

# Examples

See how the daemon is:
    spacedrive status

Wait in a script until no job runs any more, with jq(1):
    until spacedrive --json status | jq -e '.jobs.running + .jobs.queued == 0' >/dev/null
    do sleep 1
    done

# See also

spacedrive-doctor(1), spacedrive-debug(1)
`
}
