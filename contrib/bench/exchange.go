package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// An exchange is a request and its answer as they cross the wire.
type exchange struct{ request, reply []byte }

// query returns a call of op.
func query[In, Out any](enc protocol.Encoding, op protocol.Operation[In, Out], in In) (protocol.Request, error) {
	request := protocol.Request{Type: string(op.Kind), ID: 1, Method: op.Name}
	if _, empty := any(in).(api.Empty); empty {
		return request, nil
	}
	payload, err := enc.Marshal(in)
	request.Payload = payload
	return request, err
}

// ask makes calls on one connection and returns their bytes.
func ask(socket string, enc protocol.Encoding, requests ...protocol.Request) ([]exchange, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	frames := protocol.NewFrameReader(conn, enc, nil)
	defer frames.Close()
	var all []exchange
	for _, r := range requests {
		request, err := r.Append(nil, enc)
		if err != nil {
			return nil, err
		}
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		frame, err := frames.Next()
		if err != nil {
			return nil, err
		}
		reply, err := protocol.ParseReply(enc, frame)
		if err != nil {
			return nil, err
		}
		if reply.Type == protocol.TypeError {
			return nil, fmt.Errorf("%s %s answers %w", r.Type, r.Method, reply.Error)
		}
		all = append(all, exchange{request, framed(enc, frame)})
	}
	return all, nil
}

// framed returns a frame as it was sent.
func framed(enc protocol.Encoding, frame []byte) []byte {
	n := len(frame)
	if enc == protocol.JSON {
		return append(append(make([]byte, 0, n+1), frame...), '\n')
	}
	return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, frame...)
}

// file writes a file that lasts as long as b, and returns its path.
func (b *bench) file(content []byte) (string, error) {
	f, err := os.CreateTemp(b.dir, "bytes-")
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return f.Name(), err
}

// socket returns a path for a new socket.
func (b *bench) socket() string {
	b.sockets++
	return filepath.Join(b.dir, fmt.Sprintf("%d.sock", b.sockets))
}

// requestFile writes what the client sends in exchanges, one after another.
func (b *bench) requestFile(all ...exchange) (string, error) {
	var content []byte
	for _, e := range all {
		content = append(content, e.request...)
	}
	return b.file(content)
}

// startServer starts a server and waits until it listens at the address: its
// last argument.
func (b *bench) startServer(ctx context.Context, start starter, network, program string, args ...string) (*process, error) {
	p, err := b.startProcess(start, program, args...)
	if err != nil {
		return nil, err
	}
	address := args[len(args)-1]
	probe, err := dialUntil(ctx, p, func() (net.Conn, error) { return net.Dial(network, address) })
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("%w: %.2000s", err, p.output.Bytes())
	}
	_ = probe.Close() // it listens: no more was asked
	return p, nil
}

// startBenchd starts the daemon's server with the operations of benchapi.
func (b *bench) startBenchd(ctx context.Context, start starter) (socket string, p *process, err error) {
	socket = b.socket()
	p, err = b.startServer(ctx, start, "unix", filepath.Join(b.tools, "benchd"), socket)
	return socket, p, err
}

// startEcho starts a server that has the same exchanges.
func (b *bench) startEcho(ctx context.Context, start starter, all ...exchange) (socket string, p *process, err error) {
	socket = b.socket()
	args := []string{}
	for _, e := range all {
		for _, content := range [][]byte{e.request, e.reply} {
			path, err := b.file(content)
			if err != nil {
				return "", nil, err
			}
			args = append(args, path)
		}
	}
	p, err = b.startServer(ctx, start, "unix", filepath.Join(b.tools, "echo"), append(args, socket)...)
	return socket, p, err
}
