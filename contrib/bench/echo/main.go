// Command echo is a unix-socket server that answers every request of the same
// bytes with the same reply: the least that a server in Go does.
//
//	echo SOCKET REQUEST-FILE REPLY-FILE
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "echo:", serve(os.Args[1], os.Args[2], os.Args[3]))
	os.Exit(1)
}

// serve accepts connections until that fails.
func serve(socket, requestFile, replyFile string) error {
	request, err := os.ReadFile(requestFile)
	if err != nil {
		return err
	}
	reply, err := os.ReadFile(replyFile)
	if err != nil {
		return err
	}
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	ln, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	for {
		conn, err := ln.Accept()
		if err != nil {
			return err
		}
		go answer(conn, len(request), reply)
	}
}

func answer(conn net.Conn, size int, reply []byte) {
	defer conn.Close()
	request := make([]byte, size)
	for {
		if _, err := io.ReadFull(conn, request); err != nil {
			return
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}
