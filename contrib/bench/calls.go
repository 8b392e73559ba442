package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// calls measures core.status, one call after another, beside an echo server
// that reads and writes the same bytes.
func (b *bench) calls(ctx context.Context) ([]row, error) {
	const beside = "raw echo"
	var rows []row
	pinned, err := oneCore()
	for _, c := range []struct {
		name     string
		enc      protocol.Encoding
		start    starter
		maxRatio float64
	}{
		{"core.status, JSON, one core", protocol.JSON, pinned, 2},
		{"core.status, CBOR, one core", protocol.CBOR, pinned, 0},
		{"core.status, JSON, any core", protocol.JSON, anywhere, 0},
		{"core.status, CBOR, any core", protocol.CBOR, anywhere, 0},
	} {
		if c.start == nil {
			rows = append(rows, row{Name: c.name, Unit: "µs", MaxRatio: c.maxRatio, Skipped: err.Error()})
			continue
		}
		ours, theirs, err := b.callBoth(ctx, c.enc, c.start)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		rows = append(rows, compare(c.name, "µs", ours, beside, theirs, c.maxRatio))
	}
	return rows, nil
}

// callBoth returns how many microseconds calls to a daemon and to an echo
// server took.
func (b *bench) callBoth(ctx context.Context, enc protocol.Encoding, start starter) (ours, theirs []float64, err error) {
	d, err := b.startDaemon(ctx, start)
	if err != nil {
		return nil, nil, err
	}
	defer d.stop()
	request := protocol.Request{Type: protocol.TypeQuery, ID: 1, Method: api.CoreStatus.Name}
	ask, err := request.Append(nil, enc)
	if err != nil {
		return nil, nil, err
	}
	answer, err := askOnce(d.socket, ask, enc)
	if err != nil {
		return nil, nil, err
	}
	askFile, answerFile := filepath.Join(b.dir, "request"), filepath.Join(b.dir, "reply")
	for path, content := range map[string][]byte{askFile: ask, answerFile: answer} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return nil, nil, err
		}
	}

	socket := filepath.Join(b.dir, "echo.sock")
	echo, err := b.startProcess(start, filepath.Join(b.tools, "echo"), socket, askFile, answerFile)
	if err != nil {
		return nil, nil, err
	}
	defer echo.stop()
	probe, err := dialUntil(ctx, echo, func() (net.Conn, error) { return net.Dial("unix", socket) })
	if err != nil {
		return nil, nil, err
	}
	_ = probe.Close() // it listens: no more was asked

	caller, err := b.startProcess(start, filepath.Join(b.tools, "caller"),
		"-rounds", strconv.Itoa(b.Rounds), "-calls", strconv.Itoa(b.Calls), askFile, d.socket, socket)
	if err != nil {
		return nil, nil, err
	}
	select {
	case err = <-caller.ended:
	case <-ctx.Done():
		caller.stop()
		return nil, nil, ctx.Err()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the caller: %w: %s", err, caller.output.Bytes())
	}
	var took [2][]float64
	if err := json.Unmarshal(caller.output.Bytes(), &took); err != nil {
		return nil, nil, err
	}
	return took[0], took[1], nil
}

// askOnce makes one call and returns the reply's bytes as they came.
func askOnce(socket string, ask []byte, enc protocol.Encoding) ([]byte, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(ask); err != nil {
		return nil, err
	}
	frames := protocol.NewFrameReader(conn, enc, nil)
	frame, err := frames.Next()
	if err != nil {
		return nil, err
	}
	reply, err := protocol.ParseReply(enc, frame)
	if err != nil {
		return nil, err
	}
	if reply.Type != protocol.TypeOK {
		return nil, fmt.Errorf("core.status answers %w", reply.Error)
	}
	if enc == protocol.JSON {
		return append(frame, '\n'), nil
	}
	n := len(frame)
	return append([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, frame...), nil
}
