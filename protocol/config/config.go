// Package config holds the settings that spacedrive and spacedrived share:
// one TOML file, its defaults, and the places of the data folder and socket
// that follow from them.
//
// Start with Load; a file that is missing means the defaults. The flags and
// environment variables that override a file are the programs' own business;
// protocol/config/flags lends them this file as their last source.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Config is what a configuration file can set.
type Config struct {
	Instance    string        // the instance to talk to, or to serve
	System      bool          // talk to the machine's daemon instead of the user's own
	DataDir     string        // absolute
	Socket      string        // absolute; empty: it follows from DataDir and Instance
	Library     string        // the CLI's default library in Instance, by name or id; empty: the only one
	Host        string        // ssh://[user@]host of the daemon to talk to; empty: this machine
	SSH         string        // the ssh that leads to Host, with its options; empty: ssh
	NoColor     bool          // never colour the CLI's output
	LogFormat   string        // auto, journald, json or console
	LogLevel    string        // trace, debug, info, warn or error
	IdleTimeout time.Duration // after which an activated daemon with nothing to do ends; 0: never
	AdmitGroup  string        // whose members may connect too, by name or number; empty: none
	Limits      Limits
	// Libraries are the default libraries of other instances and places, by
	// the names that SetLibrary was given.
	Libraries map[string]string

	inFile map[string]bool // the keys that the file sets
}

// Limits bounds what the daemon does for its clients.
type Limits struct {
	Connections      int           // at once
	Subscriptions    int           // a connection
	Calls            int           // in flight on a connection
	RequestMemory    int64         // bytes of request bodies held at once, over all connections
	HalfFrameTimeout time.Duration // without progress, for a frame that was begun
	UnreadTimeout    time.Duration // for a peer with answers waiting that reads nothing
	RefusedTimeout   time.Duration // for a refused peer's first byte
}

// Default returns the settings that hold where nothing else is said.
func Default() Config {
	return Config{
		Instance:    DefaultInstance,
		DataDir:     DataDir(),
		LogFormat:   "auto",
		LogLevel:    "info",
		IdleTimeout: 5 * time.Minute,
		Limits: Limits{
			Connections:      1024,
			Subscriptions:    16,
			Calls:            128,
			RequestMemory:    256 << 20,
			HalfFrameTimeout: 30 * time.Second,
			UnreadTimeout:    30 * time.Second,
			RefusedTimeout:   5 * time.Second,
		},
	}
}

// Load reads the file at path over the defaults. A file that does not exist
// is no error. Every other error names the file, and the line and the key
// where there is one.
func Load(path string) (Config, error) {
	c := Default()
	if path == "" {
		return c, nil
	}
	doc, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("cannot read the configuration: %w", err)
	}
	if err := c.parse(doc); err != nil {
		return Default(), fmt.Errorf("%s%w", path, err)
	}
	return c, nil
}

// parse sets what doc says. Its errors begin with ":line: ", or with ": ".
func (c *Config) parse(doc []byte) error {
	var tree map[string]any
	if err := toml.Unmarshal(doc, &tree); err != nil {
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			line, _ := bad.Position()
			return fmt.Errorf(":%d: %s", line, strings.TrimPrefix(bad.Error(), "toml: "))
		}
		return fmt.Errorf(": %w", err)
	}
	c.inFile = make(map[string]bool)
	for _, key := range leaves("", tree) {
		if err := c.set(key.name, key.value); err != nil {
			if line := lineOf(doc, key.name); line > 0 {
				return fmt.Errorf(":%d: %w", line, err)
			}
			return fmt.Errorf(": %w", err)
		}
		c.inFile[key.name] = true
	}
	return nil
}

func (c *Config) set(name string, value any) error {
	if place, ok := strings.CutPrefix(name, libraries); ok {
		library, ok := value.(string)
		if !ok {
			return fmt.Errorf("%s must be a text in quotes", name)
		}
		if c.Libraries == nil {
			c.Libraries = make(map[string]string)
		}
		c.Libraries[place] = library
		return nil
	}
	s := find(name)
	if s == nil {
		return fmt.Errorf("no setting %q; %s", name, meant(name))
	}
	if err := s.set(c, value); err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	return nil
}

// meant says where the setting of this name stands, if it is in another table,
// else which there are.
func meant(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	for _, key := range Keys() {
		table, in, ok := strings.Cut(key, ".")
		switch {
		case ok && in == last:
			return last + " stands below [" + table + "]"
		case key == last:
			return last + " stands above the first [table]"
		}
	}
	return "there are " + strings.Join(Keys(), ", ")
}

// libraries begins the keys of Libraries.
const libraries = "libraries."

// InFile reports whether the file set the key, such as "limits.calls".
func (c *Config) InFile(key string) bool { return c.inFile[key] }

// Text returns the value of the key as it could stand in the file, without
// quotes, and "" for a key that does not exist.
func (c *Config) Text(key string) string {
	if s := find(key); s != nil {
		return s.text(c)
	}
	return ""
}
