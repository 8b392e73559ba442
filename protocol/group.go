package protocol

import "runtime"

// NotInGroup returns the hint for a user who may not connect because they are
// not in the socket's group. An empty user means the user of the shell.
func NotInGroup(group, user string) string {
	if user == "" {
		user = "$USER"
	}
	join := "sudo usermod -aG " + group + " " + user
	if runtime.GOOS == "darwin" {
		join = "sudo dseditgroup -o edit -a " + user + " -t user " + group
	}
	return "your user is not in group " + group + ": " + join + ", then log in again"
}
