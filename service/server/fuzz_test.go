package server_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/registry"
	"github.com/spacedrive-go/spacedrive/service/server"
)

// FuzzConnection sends any bytes, half-closes, and reads to the end: all that
// comes are messages in the encoding of the first byte, as many answers as
// there were messages, and the connection ends.
func FuzzConnection(f *testing.F) {
	frame := func(r protocol.Request) string {
		msg, err := r.Append(nil, protocol.CBOR)
		if err != nil {
			f.Fatal(err)
		}
		return string(msg)
	}
	for _, seed := range []string{
		"", "\n", " \r\n", "{", "{}", "\x00", "\x00\x00\x00\x00", "GET / HTTP/1.1\r\n\r\n",
		`{"type":"ping"}`, "{\"type\":\"ping\",\"id\":1}\r\n\n{\"type\":\"ping\",\"id\":1}",
		`{"type":"hello","client":"x/1","protocol":[1,1]}` + "\n" + `{"type":"hello","protocol":[2,9]}`,
		`{"type":"query","id":1,"method":"test.echo","payload":{"text":"\ud83d\ude00"},"timeout_ms":9007199254740991}`,
		`{"type":"query","id":1,"method":"test.trace","trace_id":"x y"}` + "\n" + `{"type":"query","id":1,"method":"test.trace"}`,
		`{"type":"query","method":"test.echo","payload_cbor":"oWR0ZXh0Ymhp"}`,
		`{"type":"query","method":"core.methods","payload":{"method":"test.ecko"}}`,
		`{"type":"action","id":3,"method":"test.panic"}` + "\n" + `{"type":"cancel","id":4,"target":3}`,
		`{"type":"subscribe","id":5,"after":{"boot_id":"01890a5d-ac96-774b-bcce-b302099a8057","seq":1},"tail":3,"heartbeat_ms":1}`,
		`{"type":"subscribe","id":5}` + "\n" + `{"type":"unsubscribe","id":6,"target":5}` + "\n" + `{"type":"unsubscribe","target":5}`,
		`{"type":"shutdown","id":7}` + "\n" + `{"type":"ping"}`,
		`{"type":"query","method":"test.echo","payload":` + strings.Repeat("[", 40),
		frame(protocol.Request{Type: protocol.TypePing, ID: 1}) + "\x00\x00\x00\x05\xbf",
		frame(protocol.Request{Type: protocol.TypeQuery, ID: 2, Method: "test.echo"}) + "\xff\xff\xff\xff",
		frame(protocol.Request{Type: protocol.TypeSubscribe, ID: 3}) + frame(protocol.Request{Type: protocol.TypeCancel, Target: 3}),
		string(binary.BigEndian.AppendUint32(nil, 3)) + "\xa1\x61\x00",
	} {
		f.Add([]byte(seed))
	}
	inst := newInstance()
	limits := config.Default().Limits
	limits.RequestMemory = 1 // one long request: memory that is not given back is missed at once
	srv := server.New(server.Options{
		Limits:   limits,
		Hello:    func(server.Instance) protocol.HelloReply { return protocol.HelloReply{Protocol: 1} },
		Shutdown: func() {}, Log: zerolog.Nop(),
	})
	f.Fuzz(func(t *testing.T, sent []byte) {
		if strings.Contains(string(sent), "test.b") { // blocks, or answers with as much as it is asked for
			return
		}
		here, there := socketPair(t)
		defer here.Close()
		var served sync.WaitGroup
		served.Go(func() { srv.ServeConn(there, inst, registry.Peer{}) })
		_ = here.SetDeadline(time.Now().Add(patience))
		go func() { // may be cut off
			_, _ = here.Write(sent)
			_ = here.CloseWrite()
		}()
		enc := protocol.JSON
		if len(sent) > 0 && sent[0] == 0 {
			enc = protocol.CBOR
		}
		frames := protocol.NewFrameReader(here, enc, nil)
		answers, subscribed, ended := 0, 0, 0
		for {
			answer, err := frames.Next()
			if err == io.EOF || errors.Is(err, syscall.ECONNRESET) {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", sent, err)
			}
			r, err := protocol.ParseReply(enc, answer)
			if err != nil {
				t.Fatalf("%q is answered %q (%v)", sent, answer, err)
			}
			switch r.Type {
			case protocol.TypeSubscribed:
				subscribed++
				answers++
			case protocol.TypeOK, protocol.TypeError, protocol.TypePong, protocol.TypeUnsubscribed:
				answers++
			case protocol.TypeEnd:
				ended++
			case protocol.TypeGap, protocol.TypeHeartbeat:
			default:
				t.Fatalf("%q is answered %q", sent, answer)
			}
		}
		served.Wait()
		if want := messages(sent); answers != want || subscribed != ended {
			t.Fatalf("%q: %d messages have %d answers, and %d of %d subscriptions an end", sent, want, answers, ended, subscribed)
		}
		if n := inst.bus.Subscriptions(); n != 0 {
			t.Fatalf("%q: %d subscriptions are left", sent, n)
		}
	})
}

// messages returns how many messages sent makes, one that cannot be read
// counted.
func messages(sent []byte) (n int) {
	frames := protocol.NewFrameReader(bytes.NewReader(sent), 0, nil)
	for {
		_, err := frames.Next()
		if err == io.EOF {
			return n
		}
		n++
		if err != nil {
			return n
		}
	}
}

// socketPair returns two connections that are each other's peers.
func socketPair(t *testing.T) (a, b *net.UnixConn) {
	t.Helper()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: t.TempDir() + "/s", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if a, err = net.DialUnix("unix", nil, ln.Addr().(*net.UnixAddr)); err != nil {
		t.Fatal(err)
	}
	if b, err = ln.AcceptUnix(); err != nil {
		t.Fatal(err)
	}
	return a, b
}
