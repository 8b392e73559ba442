package main

// Manual says what the page of config says beyond its help.
func (*configCmd) Manual() string {
	return `
What each setting means stands in spacedrive.toml(5). With --system, what only the
daemon reads is the machine's daemon's, which has a file of its own; 'service' is then
what its service starts it with.

# Examples

See what is in force:
    spacedrive config

Print one value, with jq(1):
    spacedrive --json config | jq -r '.settings[] | select(.key == "data_dir").value'

See what another file would set:
    echo 'log_level = "debug"' >other.toml
    spacedrive --config other.toml config

# Files

~/.config/spacedrive/config.toml
    The configuration file.
/etc/spacedrive/config.toml
    That of the machine's daemon.

# See also

spacedrive.toml(5), spacedrive-library(1), spacedrive-doctor(1)
`
}

// Manual says what the page of version says beyond its help.
func (*versionCmd) Manual() string {
	return `
Tells spacedrive's own version, the version of the protocol that it speaks, and
with what and for what it was built. The daemon's is told by 'spacedrive status'.

# Examples

Print the version:
    spacedrive version

# See also

spacedrive-status(1)
`
}
