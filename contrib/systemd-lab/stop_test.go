package lab

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// waysToEnd end the daemon in order, while its socket stays.
var waysToEnd = map[string]func(*daemon){
	"systemctl stop":    func(d *daemon) { d.systemctl("stop", "spacedrive.service") },
	"systemctl restart": func(d *daemon) { d.systemctl("restart", "spacedrive.service") },
	"systemctl kill":    func(d *daemon) { d.systemctl("kill", "--signal=TERM", "spacedrive.service") },
	"spacedrive stop":   func(d *daemon) { d.spacedrive("stop") },
}

// Whoever calls while the daemon is ended again and again is answered by this
// one or the next, or cannot write what he would ask.
func TestAStopLosesNoRequest(t *testing.T) {
	for name, end := range waysToEnd {
		t.Run(name, func(t *testing.T) {
			d := install(t)
			library := d.library("Home")
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			defer all.Wait()
			defer cancel()
			for range 4 {
				all.Go(func() { d.askAgainAndAgain(ctx) })
			}
			for range 2 {
				all.Go(func() { d.keepAsking(ctx) })
				all.Go(func() { d.keepPinging(ctx) })
			}
			all.Go(func() { d.keepRenaming(ctx, library) })
			for range 25 {
				d.status()
				end(d)
			}
			d.socketLives()
		})
	}
}

// askAgainAndAgain makes a connection for each two requests, and half-closes it.
func (d *daemon) askAgainAndAgain(ctx context.Context) {
	for ctx.Err() == nil {
		answers, err := exchange(d.socket, statusQuery, `{"type":"query","id":2,"method":"libraries.list"}`)
		if err != nil || len(answers) != 2 || answers[0].Type != "ok" || answers[1].Type != "ok" {
			d.t.Errorf("half-closed: the answers are %v, and then %v", answers, err)
			return
		}
	}
}

// keepAsking makes one request after the other over a connection, as long as it
// takes any.
func (d *daemon) keepAsking(ctx context.Context) {
	d.talk(ctx, []byte(`{"type":"query","id":1,"method":"libraries.list"}`+"\n"), func(r *bufio.Reader) error {
		line, err := r.ReadString('\n')
		if err == nil && !strings.HasPrefix(line, `{"type":"ok"`) {
			err = errors.New(line)
		}
		return err
	})
}

// keepPinging does so in CBOR.
func (d *daemon) keepPinging(ctx context.Context) {
	ping := []byte("\xa1\x64type\x64ping")
	d.talk(ctx, append(binary.BigEndian.AppendUint32(nil, uint32(len(ping))), ping...), func(r *bufio.Reader) error {
		var size [4]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return err
		}
		_, err := r.Discard(int(binary.BigEndian.Uint32(size[:])))
		return err
	})
}

func (d *daemon) talk(ctx context.Context, request []byte, answer func(*bufio.Reader) error) {
	for ctx.Err() == nil {
		c, err := net.DialTimeout("unix", d.socket, patience)
		if err != nil {
			d.t.Error(err)
			return
		}
		r := bufio.NewReader(c)
		for n := 0; ctx.Err() == nil && err == nil; n++ {
			_ = c.SetDeadline(time.Now().Add(patience))
			if _, err = c.Write(request); err != nil {
				if n == 0 || !errors.Is(err, syscall.EPIPE) {
					d.t.Errorf("request %d of a connection: %v", n, err)
				}
				break
			}
			if err = answer(r); err != nil {
				d.t.Errorf("request %d of a connection was written, and then: %v", n, err)
			}
		}
		c.Close()
		if d.t.Failed() {
			return
		}
	}
}

// keepRenaming makes actions, which nobody may repeat who does not know whether
// they were made.
func (d *daemon) keepRenaming(ctx context.Context, library string) {
	target := client.Socket(d.socket)
	target.HelloTimeout = patience
	c, err := client.Dial(ctx, target)
	if err != nil {
		d.t.Error(err)
		return
	}
	defer c.Close()
	id, err := protocol.ParseID(library)
	for n := 0; err == nil && ctx.Err() == nil; n++ {
		_, err = client.Call(context.Background(), c, api.LibrariesRename, api.LibraryRenameInput{NewName: fmt.Sprint("Home ", n)}, client.InLibrary(id))
	}
	if err != nil {
		d.t.Errorf("an action: %v", err)
	}
}

// Whoever ends a daemon that is still starting does not want it back.
func TestAnEndBeforeReadyIsNoFailure(t *testing.T) {
	for _, signal := range []string{"TERM", "INT"} {
		t.Run(signal, func(t *testing.T) {
			d := install(t)
			path := d.configure("")
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			d.systemctl("start", "--no-block", "spacedrive.service")
			var settings *os.File
			d.until("the daemon to read its configuration", func() (reads bool) {
				var err error
				settings, err = os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
				return err == nil // ENXIO: nobody reads
			})
			d.systemctl("kill", "--signal="+signal, "spacedrive.service")
			settings.Close()
			d.until("its end", func() bool { return d.property("spacedrive.service", "ActiveState") == "inactive" })
			if result := d.property("spacedrive.service", "Result"); result != "success" {
				t.Errorf("the result is %s", result)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(d.journalctl("-o", "cat"), "Starting spacedrive.service"); n != 1 {
				t.Errorf("it was started %d times", n)
			}
			d.status()
			d.socketLives()
		})
	}
}
