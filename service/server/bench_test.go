package server_test

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/service/listen"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// These are for looking at a profile: client and server share the process.
// Figures that mean something come from contrib/bench.

func serveBench(b *testing.B) (*instance, string) {
	inst := newInstance()
	path := filepath.Join(b.TempDir(), "s.sock")
	s := server.New(server.Options{
		Limits: config.Default().Limits, Peer: listen.Admission{}.Peer, Log: zerolog.Nop().Level(zerolog.InfoLevel),
		Hello: func(server.Instance) protocol.HelloReply { return protocol.HelloReply{} },
	})
	ln, err := listen.Bind(path, "default", listen.Admission{})
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.Serve(ln.UnixListener, inst) })
	b.Cleanup(func() {
		s.Shutdown(b.Context())
		wg.Wait()
	})
	return inst, path
}

func benchRequest(enc protocol.Encoding) []byte {
	req := protocol.Request{Type: protocol.TypeQuery, ID: 7, Method: opEcho.Name}
	req.Payload, _ = enc.Marshal(textInput{Text: "some forty bytes, to be a hundred in all"})
	req.Encoding = enc
	msg, err := req.Append(nil, enc)
	if err != nil {
		panic(err)
	}
	return msg
}

func dialBench(b *testing.B, path string) net.Conn {
	c, err := net.Dial("unix", path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// answerSize makes one call and returns how long its answer is.
func answerSize(b *testing.B, c net.Conn, msg []byte) int {
	if _, err := c.Write(msg); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := c.Read(buf)
	if err != nil || !bytes.Contains(buf[:n], []byte("forty")) {
		b.Fatalf("%q, %v", buf[:n], err)
	}
	return n
}

func BenchmarkCall(b *testing.B) {
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		b.Run(enc.String(), func(b *testing.B) {
			_, path := serveBench(b)
			c := dialBench(b, path)
			msg := benchRequest(enc)
			size := answerSize(b, c, msg)
			buf := make([]byte, size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(msg); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPipelined(b *testing.B) {
	for _, enc := range []protocol.Encoding{protocol.JSON, protocol.CBOR} {
		b.Run(enc.String(), func(b *testing.B) {
			_, path := serveBench(b)
			c := dialBench(b, path)
			msg := benchRequest(enc)
			msg = bytes.Replace(msg, []byte(`"id":7,`), nil, 1)
			size := answerSize(b, c, msg)
			const batch = 500
			many := bytes.Repeat(msg, batch)
			rounds := max(1, b.N/batch)
			b.ReportAllocs()
			b.ResetTimer()
			go func() {
				for range rounds {
					if _, err := c.Write(many); err != nil {
						b.Error(err)
					}
				}
			}()
			if _, err := io.CopyN(io.Discard, c, int64(size*rounds*batch)); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(rounds*batch)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}

func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{0, 1, 100, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			inst, path := serveBench(b)
			var received atomic.Int64
			got := make(chan struct{}, 1)
			for range n {
				c := dialBench(b, path)
				if _, err := io.WriteString(c, `{"type":"subscribe","id":1,"event_types":["EntriesChanged"],"filter":{"path":"/home/me"}}`+"\n"); err != nil {
					b.Fatal(err)
				}
				buf := make([]byte, 64<<10)
				if _, err := c.Read(buf); err != nil {
					b.Fatal(err)
				}
				go func() {
					for {
						k, err := c.Read(buf)
						if err != nil {
							return
						}
						received.Add(int64(bytes.Count(buf[:k], []byte{'\n'})))
						select {
						case got <- struct{}{}:
						default:
						}
					}
				}()
			}
			ev := protocol.Event{
				Type: api.EntriesChanged.Type, LibraryID: protocol.NewID(), LocationID: protocol.NewID(),
				Data: protocol.ValueOf(api.EntriesChangedEvent{Location: "/home/me", Created: 1, Paths: []protocol.Path{"/home/me/a/file.txt"}}),
			}
			const window = 500
			sent := int64(0)
			b.ReportAllocs()
			for b.Loop() {
				for range window {
					inst.bus.Publish(ev)
				}
				for sent += window * int64(n); received.Load() < sent; {
					<-got
				}
			}
			b.ReportMetric(float64(b.N*window*max(n, 1))/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkConnection(b *testing.B) {
	_, path := serveBench(b)
	msg := benchRequest(protocol.JSON)
	hello := []byte(`{"type":"hello","id":1,"protocol":[1,1],"client":"bench/1"}` + "\n")
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		c, err := net.Dial("unix", path)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range [][]byte{hello, msg} {
			if _, err := c.Write(m); err != nil {
				b.Fatal(err)
			}
			if _, err := c.Read(buf); err != nil {
				b.Fatal(err)
			}
		}
		c.Close()
	}
}
