package listen

import (
	"os"
	"strconv"
	"strings"
)

// Program returns the name of the process with the pid (proc(5), comm), ""
// if there is none. The pid may belong to another process than the one that
// connected.
func Program(pid int) string {
	if pid <= 0 {
		return ""
	}
	comm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(strings.TrimSuffix(string(comm), "\n"), "?")
}
