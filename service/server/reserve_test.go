package server_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

type listInput struct {
	api.Page
}

var opList = protocol.CoreQuery[listInput, textOutput]("test.list", "Return a page")

// unreadServer serves connections in a bubble, whose handlers of test.list
// return pages of so many bytes and are counted.
type unreadServer struct {
	*server.Server
	pages atomic.Int64
}

func serveUnread(t *testing.T, conns, size int) (*unreadServer, []net.Conn) {
	inst := newInstance()
	s := &unreadServer{Server: server.New(server.Options{Limits: config.Default().Limits, Log: zerolog.Nop()})}
	registry.Bind(inst.registry, opList, func(ctx context.Context, in listInput) (textOutput, error) {
		s.pages.Add(1)
		return textOutput{strings.Repeat("x", min(size, registry.PageBytes(ctx)))}, nil
	})
	var served sync.WaitGroup
	var clients []net.Conn
	for range conns {
		here, there := net.Pipe()
		clients = append(clients, here)
		served.Go(func() { s.ServeConn(there, inst, registry.Peer{}) })
	}
	t.Cleanup(func() {
		for _, c := range clients {
			c.Close()
		}
		served.Wait()
		if n := s.Counts().Pages; n != 0 {
			t.Errorf("%d bytes remain reserved", n)
		}
	})
	return s, clients
}

// TestCallsWaitWhileAnswersAreNotRead: what handlers have returned and nobody
// has read is bounded, over all connections, and everything is answered once
// the peers read.
func TestCallsWaitWhileAnswersAreNotRead(t *testing.T) {
	const (
		conns, calls = 10, 32
		size         = 3 << 20   // of an answer: 960 MiB in all
		most         = 128 << 20 // held at once
	)
	synctest.Test(t, func(t *testing.T) {
		s, clients := serveUnread(t, conns, size)
		for _, c := range clients {
			for i := range calls {
				fmt.Fprintf(c, `{"type":"query","id":%d,"method":"test.list","payload":{"limit":10000}}`+"\n", i+1)
			}
		}
		synctest.Wait()
		held := s.pages.Load()
		if held < conns || held*size > most {
			t.Errorf("%d handlers have returned %d MiB that nobody has read", held, held*size>>20)
		}
		if n := s.Counts().Pages; n < held*size || n > most {
			t.Errorf("%d bytes are reserved for %d pages", n, held)
		}
		var readers sync.WaitGroup
		for _, c := range clients {
			readers.Go(func() {
				lines := bufio.NewReaderSize(c, 1<<20)
				for range calls {
					if n, err := discardLine(lines); err != nil || n < size {
						t.Errorf("an answer of %d bytes, %v", n, err)
						return
					}
				}
			})
		}
		readers.Wait()
	})
}

// TestLongPagesShareTheServersMemory: more connections than there is memory for
// wait for each other, and each page is as long as may be.
func TestLongPagesShareTheServersMemory(t *testing.T) {
	const conns, most = 40, 128 << 20
	synctest.Test(t, func(t *testing.T) {
		s, clients := serveUnread(t, conns, protocol.MaxFrame)
		for _, c := range clients {
			fmt.Fprintln(c, `{"type":"query","id":1,"method":"test.list","payload":{"limit":10000}}`)
		}
		synctest.Wait()
		if held := s.pages.Load(); held != most/registry.MaxPageBytes {
			t.Errorf("%d of %d calls have run", held, conns)
		}
		for _, c := range clients {
			c.Close() // the others have their turn
			synctest.Wait()
		}
		if ran := s.pages.Load(); ran < conns/2 {
			t.Errorf("%d of %d calls have run", ran, conns)
		}
	})
}

// TestWhoReadsNoAnswersCanCancel a call that waits for its answers to be read.
func TestWhoReadsNoAnswersCanCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, clients := serveUnread(t, 1, 4<<20)
		c := clients[0]
		for i := range 20 {
			fmt.Fprintf(c, `{"type":"query","id":%d,"method":"test.list","payload":{"limit":10000}}`+"\n", i+1)
		}
		synctest.Wait()
		ran := s.pages.Load()
		fmt.Fprintln(c, `{"type":"ping","id":50}`)
		for i := range 20 {
			fmt.Fprintf(c, `{"type":"cancel","id":%d,"target":%d}`+"\n", 100+i, i+1)
		}
		synctest.Wait()
		if after := s.pages.Load(); after != ran {
			t.Errorf("%d more handlers ran though nothing was read", after-ran)
		}
		if n := s.Counts().Calls; n != 0 {
			t.Errorf("%d calls are in flight after all were cancelled", n)
		}
		results, cancelled, found, pongs := 0, 0, 0, 0
		lines := bufio.NewReaderSize(c, 8<<20)
		for range 20 + 20 + 1 {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			reply, err := protocol.ParseReply(protocol.JSON, line[:len(line)-1])
			switch {
			case err != nil:
				t.Fatal(err)
			case reply.Type == protocol.TypePong:
				pongs++
			case reply.Error != nil && reply.Error.Code == protocol.Cancelled:
				cancelled++
			case reply.ID >= 100:
				var answer struct {
					Found bool `json:"found"`
				}
				if err := reply.Payload.Decode(&answer); err != nil {
					t.Fatal(err)
				}
				if answer.Found {
					found++
				}
			case reply.Type == protocol.TypeOK:
				results++
			}
		}
		if pongs != 1 || results != int(ran) || cancelled != 20-int(ran) || found < cancelled {
			t.Errorf("%d pongs, %d results of %d calls that ran, %d cancelled, %d found", pongs, results, ran, cancelled, found)
		}
	})
}
