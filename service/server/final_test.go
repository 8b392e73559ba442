package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// begin begins a shutdown and returns when it has stopped accepting.
func (d *daemon) begin(t *testing.T) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		d.Shutdown(ctx)
	}()
	t.Cleanup(func() { <-done })
	waitFor(t, "the listener to be closed", func() bool {
		nc, err := net.Dial("unix", d.path)
		if err == nil {
			nc.Close()
		}
		return err != nil
	})
}

// A client that writes one message after the other while the daemon stops: each
// is answered, or could not be written. Nothing resets the connection.
func TestAShutdownAnswersWhatHasBeenSent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("NOT TESTED: only Linux lets a server refuse what is written without losing what has been")
	}
	for range 50 {
		d := start(t)
		nc, err := net.Dial("unix", d.path)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		answers := bufio.NewReader(nc)
		written := make(chan int)
		go func() {
			for n := 0; ; n++ {
				if _, err := fmt.Fprintln(nc, `{"type":"query","method":"test.echo","payload":{"text":"again"}}`); err != nil {
					if !errors.Is(err, syscall.EPIPE) {
						t.Errorf("the write failed otherwise: %v", err)
					}
					written <- n
					return
				}
			}
		}()
		if _, err := answers.Peek(1); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { defer close(done); d.Shutdown(context.Background()) }()
		answered := 0
		for {
			line, err := answers.ReadString('\n')
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Errorf("after %d answers: %v", answered, err)
				break
			}
			if !strings.HasPrefix(line, `{"type":"ok"`) {
				t.Errorf("answer %d: %s", answered, line)
			}
			answered++
		}
		if n := <-written; n != answered {
			t.Errorf("%d of %d messages were answered", answered, n)
		}
		<-done
		if t.Failed() {
			return
		}
	}
}

// Who has connected is about to ask: nc that reads a pipe, say.
func TestAShutdownAnswersTheFirstMessageOfWhoHasJustConnected(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	waitFor(t, "the connection", func() bool { return d.Connections() == 1 })
	d.begin(t)
	c.send(`{"type":"query","method":"test.echo","id":1,"payload":{"text":"here"}}`)
	c.want("id", "1", "type", "ok", "payload.text", "here")
	c.wantEnd()
}

func TestAShutdownRefusesHalfAMessage(t *testing.T) {
	d := start(t)
	c := d.dial(t)
	c.send(`{"type":"ping"}`)
	c.want("type", "pong")
	if _, err := io.WriteString(c, `{"type":"pi`); err != nil {
		t.Fatal(err)
	}
	d.begin(t)
	c.want("type", "error", "error.code", "core_unavailable", "error.details.reason", "stopping")
	c.wantEnd()
}

// A listener's queue ends with it, and with it whoever waits there, unless
// they are accepted.
func TestAShutdownAcceptsWhoWaitsInTheQueue(t *testing.T) {
	for range 20 {
		d := start(t)
		there := d.dial(t)
		there.send(`{"type":"ping"}`)
		there.want("type", "pong")
		clients := make([]*conn, 20)
		for i := range clients {
			clients[i] = d.dial(t)
			clients[i].send(`{"type":"ping"}`)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		d.Shutdown(ctx)
		cancel()
		for _, c := range clients {
			c.want("type", "pong")
			c.wantEnd()
		}
	}
}
