package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"path/filepath"
	"testing"
)

// TestAwait: messages are counted however the stream is cut.
func TestAwait(t *testing.T) {
	frame := func(body string) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
	}
	for name, sent := range map[string][][]byte{
		"lines":  {[]byte("{}\n"), []byte("{\"a\":1}\n"), []byte("\n")},
		"frames": {frame("\xa0"), frame(""), frame("\n\n\n"), frame(string(make([]byte, 300)))},
	} {
		t.Run(name, func(t *testing.T) {
			all := bytes.Join(sent, nil)
			if got := messages(all); len(got) != len(sent) || !bytes.Equal(bytes.Join(got, nil), all) {
				t.Errorf("cut into %q", got)
			}
			for size := 1; size <= len(all)+1; size++ {
				s := &stream{socket: serve(t, all), buf: make([]byte, size), frames: name == "frames"}
				if err := s.await(len(sent)); err != nil || s.seen != len(sent) {
					t.Fatalf("read %d bytes at a time: %d messages, %v", size, s.seen, err)
				}
				if err := s.await(len(sent) + 1); err != errClosed {
					t.Fatalf("read %d bytes at a time, after the end: %v", size, err)
				}
				if err := s.close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestAnErrorIsNoAnswer(t *testing.T) {
	s := &stream{socket: serve(t, []byte(`{"type":"error"}`+"\n")), buf: make([]byte, 100), check: true}
	if err := s.await(1); err == nil {
		t.Error("it is counted as one")
	}
}

// serve returns a connection on which all has been sent, and then nothing more.
func serve(t *testing.T, all []byte) socket {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	s, err := dial(path)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(all); err != nil {
		t.Fatal(err)
	}
	return s
}
