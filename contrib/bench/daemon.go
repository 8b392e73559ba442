package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// startTime is how long a server may take to answer.
const startTime = 30 * time.Second

// A process is a server that runs beside the bench.
type process struct {
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan error // gets what Wait returns
}

// A starter starts a command; pinned is one.
type starter func(*exec.Cmd) error

func anywhere(cmd *exec.Cmd) error { return cmd.Start() }

func (b *bench) startProcess(start starter, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), ended: make(chan error, 1)}
	p.cmd.Env = b.environ()
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if err := start(p.cmd); err != nil {
		return nil, err
	}
	go func() { p.ended <- p.cmd.Wait() }()
	return p, nil
}

// stop ends the process and waits for its end.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.ended <- <-p.ended // for whoever asks next
}

// environ is the environment without the person's own configuration.
func (b *bench) environ() []string {
	var env []string
	for _, name := range []string{"PATH", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, "HOME="+b.dir, "XDG_CONFIG_HOME="+b.dir, "XDG_DATA_HOME="+b.dir)
}

// A daemon is a spacedrived with a data folder of its own.
type daemon struct {
	*process
	client *client.Client
	socket string
	env    []string
	cli    string
}

// startDaemon starts a daemon with one library, open and empty.
func (b *bench) startDaemon(ctx context.Context, start starter) (*daemon, error) {
	data, err := os.MkdirTemp(b.dir, "data-")
	if err != nil {
		return nil, err
	}
	d := &daemon{socket: filepath.Join(data, "d.sock"), env: b.environ(), cli: filepath.Join(b.bin, "spacedrive")}
	d.process, err = b.startProcess(start, filepath.Join(b.bin, "spacedrived"), "--data-dir", data, "--socket", d.socket)
	if err != nil {
		return nil, err
	}
	if err := d.open(ctx); err != nil {
		d.stop()
		return nil, fmt.Errorf("the daemon: %w: %s", err, d.output.Bytes())
	}
	return d, nil
}

// open connects as soon as the daemon listens, and makes the library.
func (d *daemon) open(ctx context.Context) (err error) {
	dial := func() (*client.Client, error) { return client.Dial(ctx, client.Socket(d.socket)) }
	if d.client, err = dialUntil(ctx, d.process, dial); err != nil {
		return err
	}
	_, err = client.Call(ctx, d.client, api.LibrariesCreate, api.LibraryCreateInput{Name: "Bench"})
	return err
}

// dialUntil tries to connect until that succeeds, the server ends, or it has
// had its time.
func dialUntil[C any](ctx context.Context, p *process, dial func() (C, error)) (C, error) {
	deadline := time.After(startTime)
	for {
		c, err := dial()
		if err == nil {
			return c, nil
		}
		select {
		case ended := <-p.ended:
			p.ended <- ended
			return c, errors.Join(fmt.Errorf("%s ended: %v", p.cmd.Path, ended), err)
		case <-deadline:
			return c, err
		case <-ctx.Done():
			return c, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (d *daemon) stop() {
	if d.client != nil {
		_ = d.client.Close() // nothing is left to say
	}
	d.process.stop()
}

// command returns the CLI, about this daemon.
func (d *daemon) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.cli, append([]string{"--socket", d.socket}, args...)...)
	cmd.Env = d.env
	return cmd
}
