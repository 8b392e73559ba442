package config

// about says of each key what it is for, in which unit, and for which of the
// two programs, as the manual has it.
var about = [...]struct{ key, text string }{
	{"instance", "The instance to talk to, or to serve: 1 to 32 of a-z, 0-9, _ and -."},
	{"system", "Whether spacedrive is about the machine's daemon instead of the user's own, true or false."},
	{"data_dir", "The daemon's data folder, an absolute path. A leading ~/ stands for the home folder."},
	{"socket", "The daemon's socket, an absolute path, or one that begins with ~/. Without it, it is 'daemon/daemon.sock' in the data folder, and for the instance NAME 'daemon/daemon-NAME.sock'."},
	{"library", "The library that spacedrive works in where none is named, by name or id. 'spacedrive library use' sets it. Without it, it is the only one. It is that of the instance that this file names; the table [libraries] has those of other instances, and of other data folders, sockets and machines, by their name."},
	{"host", "The machine whose daemon spacedrive talks to through ssh, as in ssh://ann@nas. Without it, it is this one."},
	{"ssh", "The command that leads to the host, with its options. Without it, it is ssh."},
	{"no_color", "Whether spacedrive never colours what it prints, true or false."},
	{"log_format", "Where the daemon's log goes: journald, the journal; json, the rotated file 'logs/daemon.log' in the data folder; console, lines for people on stderr; auto, the journal where stderr leads to it, lines for people on a terminal, else the file."},
	{"log_level", "The least severe lines that the daemon logs: trace, debug, info, warn or error."},
	{"idle_timeout", "The time without work after which a daemon that systemd or launchd started ends; its socket starts it again. 0 is never."},
	{"admit_group", "The group, by name or number, whose members the daemon serves besides its own user and root."},

	{"limits.connections", "Connections at once."},
	{"limits.subscriptions", "Subscriptions of one connection."},
	{"limits.calls", "Calls in flight on one connection."},
	{"limits.request_memory", "Memory for the requests that are being read, over all connections: a number of bytes, or a size such as \"256MiB\", at least 16 MiB."},
	{"limits.half_frame_timeout", "The time without progress after which a connection is closed that has sent a part of a message."},
	{"limits.unread_timeout", "The time after which a connection is closed that does not read its answers."},
	{"limits.refused_timeout", "The time that a client that is refused has to send its first byte."},
}

// About says what a key of the file is for, "" for one that does not exist.
func About(key string) string {
	for _, a := range about {
		if a.key == key {
			return a.text
		}
	}
	return ""
}
