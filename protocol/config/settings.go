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
	key  string
	set  func(*Config, any) error // its error reads on after the key's name
	text func(*Config) string
}

// settings lists every key, in the order in which people read them.
var settings = []setting{
	text("instance", func(c *Config) *string { return &c.Instance }, CheckInstanceName),
	boolean("system", func(c *Config) *bool { return &c.System }),
	text("data_dir", func(c *Config) *string { return &c.DataDir }, absolute),
	text("socket", func(c *Config) *string { return &c.Socket }, absolute),
	text("library", func(c *Config) *string { return &c.Library }),
	text("host", func(c *Config) *string { return &c.Host }, sshHost),
	text("ssh", func(c *Config) *string { return &c.SSH }),
	boolean("no_color", func(c *Config) *bool { return &c.NoColor }),
	text("log_format", func(c *Config) *string { return &c.LogFormat }, oneOf("auto", "journald", "json", "console")),
	text("log_level", func(c *Config) *string { return &c.LogLevel }, oneOf("trace", "debug", "info", "warn", "error")),
	duration("idle_timeout", 0, func(c *Config) *time.Duration { return &c.IdleTimeout }),
	text("admit_group", func(c *Config) *string { return &c.AdmitGroup }),
	number("limits.connections", func(c *Config) *int { return &c.Limits.Connections }),
	number("limits.subscriptions", func(c *Config) *int { return &c.Limits.Subscriptions }),
	number("limits.calls", func(c *Config) *int { return &c.Limits.Calls }),
	size("limits.request_memory", func(c *Config) *int64 { return &c.Limits.RequestMemory }),
	duration("limits.half_frame_timeout", time.Millisecond, func(c *Config) *time.Duration { return &c.Limits.HalfFrameTimeout }),
	duration("limits.unread_timeout", time.Millisecond, func(c *Config) *time.Duration { return &c.Limits.UnreadTimeout }),
	duration("limits.refused_timeout", time.Millisecond, func(c *Config) *time.Duration { return &c.Limits.RefusedTimeout }),
}

// Keys lists the keys that a file can set, dotted where they stand in a table.
func Keys() []string {
	keys := make([]string, len(settings))
	for i, s := range settings {
		keys[i] = s.key
	}
	return keys
}

func find(key string) *setting {
	for i := range settings {
		if settings[i].key == key {
			return &settings[i]
		}
	}
	return nil
}

func text(key string, field func(*Config) *string, checks ...func(string) error) setting {
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
	return setting{key, set, func(c *Config) string { return *field(c) }}
}

func boolean(key string, field func(*Config) *bool) setting {
	set := func(c *Config, v any) error {
		b, ok := v.(bool)
		if !ok {
			return fmt.Errorf("must be true or false")
		}
		*field(c) = b
		return nil
	}
	return setting{key, set, func(c *Config) string { return strconv.FormatBool(*field(c)) }}
}

func number(key string, field func(*Config) *int) setting {
	set := func(c *Config, v any) error {
		n, ok := v.(int64)
		if !ok || n < 1 || n > math.MaxInt32 {
			return fmt.Errorf("must be a whole number from 1 to %d", math.MaxInt32)
		}
		*field(c) = int(n)
		return nil
	}
	return setting{key, set, func(c *Config) string { return strconv.Itoa(*field(c)) }}
}

func duration(key string, least time.Duration, field func(*Config) *time.Duration) setting {
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
	return setting{key, set, func(c *Config) string { return shortDuration(*field(c)) }}
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

func size(key string, field func(*Config) *int64) setting {
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
	return setting{key, set, func(c *Config) string { return formatSize(*field(c)) }}
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
