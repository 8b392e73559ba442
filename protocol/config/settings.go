package config

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A setting is one key of the file.
type setting struct {
	key   string
	about string                   // what it is for, in which unit, and for which program
	set   func(*Config, any) error // its error continues the key's name
	text  func(*Config) string
}

// settings lists every key, in the order in which people read them.
var settings = []setting{
	text("instance", "The instance to talk to, or to serve: 1 to 32 of a-z, 0-9, _ and -.",
		func(c *Config) *string { return &c.Instance }, CheckInstanceName),
	boolean("system", "Whether spacedrive is about the machine's daemon instead of the user's own, true or false.",
		func(c *Config) *bool { return &c.System }),
	text("data_dir", "The daemon's data folder, an absolute path. A leading ~/ stands for the home folder.",
		func(c *Config) *string { return &c.DataDir }, absolute),
	text("socket", "The daemon's socket, an absolute path, or one that begins with ~/. Without it, it is 'daemon/daemon.sock' in the data folder, and for the instance NAME 'daemon/daemon-NAME.sock'.",
		func(c *Config) *string { return &c.Socket }, absolute),
	text("library", "The library that spacedrive works in where none is named, by name or id. 'spacedrive library use' sets it. Without it, it is the only one. It is that of the instance that this file names; the table [libraries] has those of other instances, and of other data folders, sockets and machines, by their name.",
		func(c *Config) *string { return &c.Library }),
	text("host", "The machine whose daemon spacedrive talks to through ssh, as in ssh://ann@nas. Without it, it is this one.",
		func(c *Config) *string { return &c.Host }, sshHost),
	text("ssh", "The command that leads to the host, with its options. Without it, it is ssh.",
		func(c *Config) *string { return &c.SSH }),
	boolean("no_color", "Whether spacedrive never colours what it prints, true or false.",
		func(c *Config) *bool { return &c.NoColor }),
	text("log_format", "Where the daemon's log goes: journald, the journal; json, the rotated file 'logs/daemon.log' in the data folder; console, lines for people on stderr; auto, the journal where stderr leads to it, lines for people on a terminal, else the file.",
		func(c *Config) *string { return &c.LogFormat }, oneOf("auto", "journald", "json", "console")),
	text("log_level", "The least severe lines that the daemon logs: trace, debug, info, warn or error.",
		func(c *Config) *string { return &c.LogLevel }, oneOf("trace", "debug", "info", "warn", "error")),
	duration("idle_timeout", "The time without work after which a daemon that systemd or launchd started ends; its socket starts it again. 0 is never.",
		0, func(c *Config) *time.Duration { return &c.IdleTimeout }),
	text("admit_group", "The group, by name or number, whose members the daemon serves besides its own user and root.",
		func(c *Config) *string { return &c.AdmitGroup }),
	number("limits.connections", "Connections at once.",
		func(c *Config) *int { return &c.Limits.Connections }),
	number("limits.subscriptions", "Subscriptions of one connection.",
		func(c *Config) *int { return &c.Limits.Subscriptions }),
	number("limits.calls", "Calls in flight on one connection.",
		func(c *Config) *int { return &c.Limits.Calls }),
	size("limits.request_memory", "Memory for the requests that are being read, over all connections: a number of bytes, or a size such as \"256MiB\", at least 16 MiB.",
		func(c *Config) *int64 { return &c.Limits.RequestMemory }),
	duration("limits.half_frame_timeout", "The time without progress after which a connection is closed that has sent a part of a message.",
		time.Millisecond, func(c *Config) *time.Duration { return &c.Limits.HalfFrameTimeout }),
	duration("limits.unread_timeout", "The time after which a connection is closed that does not read its answers.",
		time.Millisecond, func(c *Config) *time.Duration { return &c.Limits.UnreadTimeout }),
	duration("limits.refused_timeout", "The time that a client that is refused has to send its first byte.",
		time.Millisecond, func(c *Config) *time.Duration { return &c.Limits.RefusedTimeout }),
}

// Keys lists the keys that a file can set, dotted where they stand in a table.
func Keys() []string {
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.key
	}
	return keys
}

// About says what a key is for, "" for one that does not exist.
func About(key string) string {
	if s := find(key); s != nil {
		return s.about
	}
	return ""
}

func find(key string) *setting {
	for i := range settings {
		if settings[i].key == key {
			return &settings[i]
		}
	}
	return nil
}

func text(key, about string, field func(*Config) *string, checks ...func(string) error) setting {
	set := func(c *Config, v any) error {
		s, ok := v.(string)
		if !ok {
			return fmt.Errorf("must be a text in quotes")
		}
		s = expandHome(key, s)
		for _, check := range checks {
			if err := check(s); err != nil {
				return fmt.Errorf("is wrong: %w", err)
			}
		}
		*field(c) = s
		return nil
	}
	return setting{key, about, set, func(c *Config) string { return *field(c) }}
}

func boolean(key, about string, field func(*Config) *bool) setting {
	set := func(c *Config, v any) error {
		b, ok := v.(bool)
		if !ok {
			return fmt.Errorf("must be true or false")
		}
		*field(c) = b
		return nil
	}
	return setting{key, about, set, func(c *Config) string { return strconv.FormatBool(*field(c)) }}
}

func number(key, about string, field func(*Config) *int) setting {
	set := func(c *Config, v any) error {
		n, ok := v.(int64)
		if !ok || n < 1 || n > math.MaxInt32 {
			return fmt.Errorf("must be a whole number from 1 to %d", math.MaxInt32)
		}
		*field(c) = int(n)
		return nil
	}
	return setting{key, about, set, func(c *Config) string { return strconv.Itoa(*field(c)) }}
}

func duration(key, about string, least time.Duration, field func(*Config) *time.Duration) setting {
	set := func(c *Config, v any) error {
		d, err := time.Duration(0), error(nil)
		switch v := v.(type) {
		case string:
			d, err = time.ParseDuration(v)
		case int64:
			if v != 0 {
				err = fmt.Errorf("it has no unit")
			}
		default:
			err = fmt.Errorf("it is no text")
		}
		if err != nil {
			return fmt.Errorf(`must be a time such as "90s" or "5m", in quotes`)
		}
		if d < least {
			return fmt.Errorf("must be at least %v", least)
		}
		*field(c) = d
		return nil
	}
	return setting{key, about, set, func(c *Config) string { return shortDuration(*field(c)) }}
}

// shortDuration writes 5m0s as 5m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if s != "0s" && strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var sizeUnits = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}

// A frame must fit, or a connection would wait for memory for ever.
const leastRequestMemory = 16 << 20

func size(key, about string, field func(*Config) *int64) setting {
	set := func(c *Config, v any) error {
		var n int64
		switch v := v.(type) {
		case int64:
			n = v
		case string:
			n = parseSize(v)
		}
		if n < leastRequestMemory {
			return fmt.Errorf(`must be a size such as "256MiB", or a number of bytes, and at least 16MiB`)
		}
		*field(c) = n
		return nil
	}
	return setting{key, about, set, func(c *Config) string { return formatSize(*field(c)) }}
}

// parseSize returns -1 for what is no size.
func parseSize(s string) int64 {
	unit := int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			s, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return -1
	}
	return n * unit
}

func formatSize(n int64) string {
	for _, u := range slices.Backward(sizeUnits[:3]) {
		if n%u.bytes == 0 && n > 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// expandHome resolves a leading ~/ in the keys that are paths, which no shell
// does for a file.
func expandHome(key, s string) string {
	if rest, ok := strings.CutPrefix(s, "~/"); ok && (key == "data_dir" || key == "socket") {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return s
}

func absolute(path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("the path %q is not absolute", path)
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
	}
}

func sshHost(s string) error {
	if s != "" && !strings.HasPrefix(s, "ssh://") {
		return fmt.Errorf("%q is not of the form ssh://[user@]host", s)
	}
	return nil
}
