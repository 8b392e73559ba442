package protocol

// Release is the version of the programs, which both ends tell in hello. A
// build sets it: -ldflags "-X github.com/spacedrive-go/spacedrive/protocol.Release=1.2.3".
var Release = "0.1.0-dev"
