package listen

import (
	"os"
	"strconv"
	"strings"
)

// Program returns the name of the process with the pid (proc(5), comm), ""
// where there is none. A pid may have passed to another process since its
// owner connected.
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
