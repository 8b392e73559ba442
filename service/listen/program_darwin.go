package listen

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Program returns the name of the process with the pid (sysctl(3), p_comm), ""
// if there is none. The pid may belong to another process than the one that
// connected.
func Program(pid int) string {
	if pid <= 0 {
		return ""
	}
	proc, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(unix.ByteSliceToString(proc.Proc.P_comm[:]), "?")
}
