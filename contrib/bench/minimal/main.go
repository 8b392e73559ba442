// Command minimal connects to the daemon, asks for its status and prints the
// answer: the least that "spacedrive status" does.
//
//	minimal SOCKET
package main

import (
	"bufio"
	"net"
	"os"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		println("minimal:", err.Error())
		os.Exit(1)
	}
}

func run(socket string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	if _, err := conn.Write([]byte(`{"type":"query","method":"core.status"}` + "\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadSlice('\n')
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(line)
	return err
}
