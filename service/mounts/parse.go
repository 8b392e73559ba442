package mounts

import (
	"bytes"
	"strconv"
	"strings"
)

// parse reads a text in the form of /proc/self/mountinfo (proc_pid_mountinfo(5)):
//
//	36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue
//
// Lines that do not have that form are left out. device makes an st_dev of a
// major and minor number.
func parse(text []byte, device func(major, minor uint32) uint64) (all []Mount) {
	for line := range bytes.Lines(text) {
		own, super, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), " - ")
		fields, of := strings.Split(own, " "), strings.Split(super, " ")
		if !ok || len(fields) < 6 || len(of) < 3 {
			continue
		}
		major, minor, _ := strings.Cut(fields[2], ":")
		high, err1 := strconv.ParseUint(major, 10, 32)
		low, err2 := strconv.ParseUint(minor, 10, 32)
		if err1 != nil || err2 != nil {
			continue
		}
		m := Mount{
			Device: device(uint32(high), uint32(low)), Root: unescape(fields[3]), Point: unescape(fields[4]),
			Type: of[0], Source: unescape(of[1]), options: make(map[string]string),
		}
		for option := range strings.SplitSeq(fields[5]+","+of[2], ",") {
			name, value, _ := strings.Cut(option, "=")
			m.options[name] = unescape(value)
		}
		_, m.ReadOnly = m.options["ro"]
		if high != 0 {
			m.disk = m.Device
		}
		all = append(all, m)
	}
	return all
}

// unescape replaces the escapes with which the kernel writes blanks, line ends
// and backslashes in names: a backslash and three octal digits.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}
