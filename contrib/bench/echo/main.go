// Command echo is a server that answers requests of known bytes
// with known replies: the least that a server in Go does. It does not look at
// what it reads, and answers with one write as many requests as it has read.
//
//	echo [REQUEST-FILE REPLY-FILE]... ADDRESS
//
// ADDRESS is a unix socket's path, or host:port.
//
// Each connection's first request is answered with the first reply, and so on;
// after the last pair comes the first again.
package main

import (
	"fmt"
	"net"
	"os"
	"strings"
)

// readBuffer is read at a time, at most.
const readBuffer = 64 << 10

// A pair is a request and its reply.
type pair struct {
	request int // bytes
	reply   []byte
}

func main() {
	fmt.Fprintln(os.Stderr, "echo:", serve(os.Args[len(os.Args)-1], os.Args[1:len(os.Args)-1]))
	os.Exit(1)
}

// serve accepts connections until that fails.
func serve(address string, files []string) error {
	var pairs []pair
	for ; len(files) >= 2; files = files[2:] {
		request, err := os.ReadFile(files[0])
		if err != nil {
			return err
		}
		reply, err := os.ReadFile(files[1])
		if err != nil {
			return err
		}
		pairs = append(pairs, pair{len(request), reply})
	}
	network := "tcp"
	if strings.Contains(address, "/") {
		network = "unix"
		if err := os.Remove(address); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go answer(conn, pairs)
	}
}

func answer(conn net.Conn, pairs []pair) {
	defer conn.Close()
	buf := make([]byte, readBuffer)
	var replies []byte
	for next, got := 0, 0; ; {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		got += n
		if first := pairs[next]; got == first.request { // not copied: it may be long
			got, next = 0, (next+1)%len(pairs)
			if _, err := conn.Write(first.reply); err != nil {
				return
			}
			continue
		}
		replies = replies[:0]
		for ; got >= pairs[next].request; next = (next + 1) % len(pairs) {
			got -= pairs[next].request
			replies = append(replies, pairs[next].reply...)
		}
		if len(replies) == 0 {
			continue
		}
		if _, err := conn.Write(replies); err != nil {
			return
		}
	}
}
