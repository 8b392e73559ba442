package main

// Manual says what the page of doctor says beyond its help.
func (*doctorCmd) Manual() string {
	return `
Looks at everything that is known to go wrong, and prints a line for each: 'ok',
'warning', 'problem', or 'skipped' where there is nothing to look at. Below what is
not well stands the command that mends it. Nothing is changed.

It is about this machine's daemon, and needs none that runs.

# Exit status

A problem makes it 1; warnings do not.

# Examples

Look for what is wrong:
    spacedrive doctor

Print what is wrong, and the fixes, with jq(1):
    spacedrive --json doctor | jq -r '.checks[] | select(.state == "problem") | .fix'

# See also

spacedrive-status(1), spacedrive-debug(1), spacedrive-logs(1)
`
}
