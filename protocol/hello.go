package protocol

import "time"

// HelloReply is the payload of the ok that answers a hello: who speaks, for
// which instance, and within which limits.
type HelloReply struct {
	Protocol uint64           `json:"protocol"` // the version that holds from here on
	Daemon   HelloDaemon      `json:"daemon"`
	Instance HelloInstance    `json:"instance"`
	Limits   map[string]int64 `json:"limits"`   // by name: connections, frame, nesting, …; sizes in bytes, times in milliseconds
	Features []string         `json:"features"` // what this daemon has beyond version 1 of the protocol
}

// HelloDaemon is the process at the other end. Its pid is told here because
// the socket's peer credentials name the process that called listen, which is
// the service manager where the socket was inherited.
type HelloDaemon struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	PID       int       `json:"pid"`
	BootID    ID        `json:"boot_id"` // this start of the daemon
	StartedAt time.Time `json:"started_at"`
}

// HelloInstance is the instance that the connection reaches.
type HelloInstance struct {
	Name    string `json:"name"`
	DataDir Path   `json:"data_dir"`
}
