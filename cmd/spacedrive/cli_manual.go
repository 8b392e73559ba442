package main

// Manual says what the page of spacedrive says beyond its options.
func (*cli) Manual() string {
	return `
spacedrive is the command line of spacedrived(8), the daemon that keeps the index
and does all work. What a command starts in the daemon goes on there, whatever
becomes of the command.

'spacedrive quickstart' starts the daemon and indexes a folder; from then on
'spacedrive search' finds what is in it.

Libraries, locations and jobs are named by their id, or by the beginning of it, as
far as it is not another's, too; libraries and locations also by name, and
locations by path.

# Which daemon

Your own, by its socket in your data folder. With --instance it is another of your
instances, with --system the machine's daemon, which serves the members of the
group spacedrive, and with --host that of another machine, to which ssh leads, by
running 'spacedrived --stdio' there. With --data-dir and --socket it is the one
that has this data folder, or this socket. With --standalone there need be none:
unless one has the data already, one is run for the command alone, without a socket.

A daemon that systemd or launchd listens for is started by the connection. Where
there is none, 'spacedrive start' and 'spacedrive quickstart' start one; all other
commands say so, and exit with 3.

# What is printed

Results go to stdout, everything else to stderr. On a terminal, there are tables,
sizes and times for people, colours, and a line that shows how far the work is;
piped, there are none of these, and with --quiet not even remarks. With --json a
command prints one document, and a command that watches one a line; an error is a
document, too, on stderr.

A command that waits for a job asks at Ctrl-C whether to cancel it or to leave it
running; a second Ctrl-C leaves it running.

# Settings

An option counts for more than its variable in the environment, that for more than
the configuration file, and the file for more than the default. 'spacedrive config'
prints what is in force, and where it comes from. The same order holds among the
settings that name a daemon: with --instance or --data-dir, a socket from the
environment or the file does not count. Two options that contradict each other are
an error.

# Environment

Each option that sets something has a variable of its name: SPACEDRIVE_DATA_DIR for
--data-dir, SPACEDRIVE_JSON=true for --json. Options that act, such as --yes, have
none. A variable that is set to nothing does not count. Besides:

NO_COLOR
    Set to anything, no colour is used.
XDG_CONFIG_HOME, XDG_DATA_HOME
    The folders that stand for ~/.config and ~/.local/share.

# Files

~/.config/spacedrive/config.toml
    The settings: spacedrive.toml(5).
~/.local/share/spacedrive
    The data folder; on macOS '~/Library/Application Support/spacedrive'.
~/.local/share/spacedrive/daemon/daemon.sock
    The daemon's socket; that of the instance NAME is 'daemon-NAME.sock'.
/run/spacedrive/daemon.sock
    The socket of the machine's daemon.

# Examples

Index a folder, and find something in it:
    spacedrive quickstart ~/Documents
    spacedrive search report

See how the daemon is:
    spacedrive status

Search on another machine, through ssh:
    spacedrive --host ssh://ann@nas search holiday

Look for what is wrong:
    spacedrive doctor

# See also

spacedrived(8), spacedrive.toml(5)
`
}
