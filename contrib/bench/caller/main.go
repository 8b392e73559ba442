// Command caller sends the same request to two servers, some thousand times to
// the one, then to the other, round after round, and prints how many
// microseconds each call took: a JSON array for each server.
//
//	caller -rounds N -calls N REQUEST-FILE SOCKET SOCKET
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/go-json-experiment/json"
)

// longestReply is more than any status has, in bytes.
const longestReply = 64 << 10

func main() {
	rounds := flag.Int("rounds", 1, "rounds")
	calls := flag.Int("calls", 1000, "calls to each server in a round")
	flag.Parse()
	if err := run(*rounds, *calls, flag.Arg(0), flag.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "caller:", err)
		os.Exit(1)
	}
}

func run(rounds, calls int, requestFile string, sockets []string) error {
	request, err := os.ReadFile(requestFile)
	if err != nil {
		return err
	}
	conns := make([]net.Conn, len(sockets))
	took := make([][]float64, len(sockets))
	for i, socket := range sockets {
		if conns[i], err = net.Dial("unix", socket); err != nil {
			return err
		}
		took[i] = make([]float64, 0, rounds*calls)
	}
	reply := make([]byte, longestReply)
	for round := range rounds + 1 { // the first is for warming up
		for i, conn := range conns {
			for range calls {
				began := time.Now()
				if err := call(conn, request, reply); err != nil {
					return err
				}
				if round > 0 {
					took[i] = append(took[i], float64(time.Since(began).Nanoseconds())/1000)
				}
			}
		}
	}
	return json.MarshalWrite(os.Stdout, took)
}

// call sends a request and reads the reply into buf.
func call(conn net.Conn, request, buf []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	for got := 0; ; {
		n, err := conn.Read(buf[got:])
		if err != nil {
			return err
		}
		if got += n; whole(buf[:got]) {
			return nil
		}
	}
}

// whole reports whether buf holds a whole reply: a line, or a CBOR frame.
func whole(buf []byte) bool {
	if buf[0] == '{' {
		return buf[len(buf)-1] == '\n'
	}
	return len(buf) >= 4 && len(buf)-4 == int(binary.BigEndian.Uint32(buf))
}
