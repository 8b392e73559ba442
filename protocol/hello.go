package protocol

import "time"

// HelloReply is the payload of the answer to hello.
type HelloReply struct {
	Protocol uint64           `json:"protocol"` // the version in use
	Daemon   HelloDaemon      `json:"daemon"`
	Instance HelloInstance    `json:"instance"`
	Limits   map[string]int64 `json:"limits"`   // by name: connections, frame, nesting, …; in bytes and milliseconds
	Features []string         `json:"features"` // additions to version 1 of the protocol
}

// HelloDaemon describes the daemon's process. It has the pid because the socket's
// peer credentials are those of the process that called listen: with an
// inherited socket, the service manager.
type HelloDaemon struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	PID       int       `json:"pid"`
	BootID    ID        `json:"boot_id"` // identifies this start of the daemon
	StartedAt time.Time `json:"started_at"`
}

// HelloInstance is the instance that the connection reaches.
type HelloInstance struct {
	Name    string `json:"name"`
	DataDir Path   `json:"data_dir"`
}
