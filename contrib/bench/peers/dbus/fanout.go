package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/spacedrive-go/spacedrive/contrib/bench/peers/round"
)

// readers is how many goroutines read what subscribers get.
const readers = 2

// fanout has windows of signals emitted, each when every subscriber has had the
// whole of the last. Figure: signals delivered a second, or the microseconds of
// each window.
func fanout(f round.Flags, address string) (round.Measure, error) {
	publisher, err := ready(address)
	if err != nil {
		return nil, err
	}
	subscribers := make([]*subscriber, f.Subscribers)
	for i := range subscribers {
		if subscribers[i], err = subscribe(address); err != nil {
			return nil, fmt.Errorf("subscriber %d: %w", i, err)
		}
	}
	window := func() error {
		done := make(chan error, readers)
		for r := range readers {
			go func() { done <- readAll(subscribers, r, f.Events) }()
		}
		err := publisher.Call(name+".Publish", 0, int64(f.Events)).Err
		if err != nil {
			return err // and so ends the program, readers and all
		}
		for range readers {
			err = errors.Join(err, <-done)
		}
		return err
	}
	return func() ([]float64, error) {
		took := make([]float64, f.Windows)
		began := time.Now()
		for i := range took {
			start := time.Now()
			if err := window(); err != nil {
				return nil, err
			}
			took[i] = float64(time.Since(start)) / float64(time.Microsecond)
		}
		if f.Each {
			return took, nil
		}
		return []float64{float64(f.Windows*f.Events*f.Subscribers) / time.Since(began).Seconds()}, nil
	}, nil
}

// readAll reads so many signals for every subscriber of the reader r.
func readAll(all []*subscriber, r, signals int) error {
	buf := make([]byte, 256<<10)
	for i := r; i < len(all); i += readers {
		if err := all[i].await(buf, all[i].signals+signals); err != nil {
			return err
		}
	}
	return nil
}

// A subscriber is a connection to the bus that is read by hand: messages are
// counted and not decoded, as contrib/bench/load does with others' events.
type subscriber struct {
	net.Conn
	rest    []byte // the beginning of a message
	signals int
	replies int
}

// The types of message, and the length of a header's fixed part.
const (
	typeReply  = 2
	typeError  = 3
	typeSignal = 4
	fixed      = 16
)

func subscribe(address string) (*subscriber, error) {
	conn, err := net.Dial("unix", address)
	if err != nil {
		return nil, err
	}
	s := &subscriber{Conn: conn}
	uid := hex.EncodeToString([]byte(strconv.Itoa(os.Getuid())))
	if _, err := conn.Write([]byte("\x00AUTH EXTERNAL " + uid + "\r\n")); err != nil {
		return nil, err
	}
	buf := make([]byte, 4<<10)
	n, err := conn.Read(buf)
	if err != nil || !bytes.HasPrefix(buf[:n], []byte("OK ")) {
		return nil, fmt.Errorf("the bus says %q, %w", buf[:n], err)
	}
	hello, err := busCall(1, "Hello")
	if err != nil {
		return nil, err
	}
	match, err := busCall(2, "AddMatch", "type='signal',interface='"+name+"',member='Changed'")
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(append(append([]byte("BEGIN\r\n"), hello...), match...)); err != nil {
		return nil, err
	}
	for s.replies < 2 {
		if err := s.read(buf); err != nil {
			return nil, err
		}
	}
	s.signals = 0 // of the bus itself
	return s, nil
}

// busCall returns a call of the bus, encoded.
func busCall(serial uint32, method string, args ...any) ([]byte, error) {
	m := &dbus.Message{
		Type: dbus.TypeMethodCall,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant("org.freedesktop.DBus"),
			dbus.FieldPath:        dbus.MakeVariant(dbus.ObjectPath("/org/freedesktop/DBus")),
			dbus.FieldInterface:   dbus.MakeVariant("org.freedesktop.DBus"),
			dbus.FieldMember:      dbus.MakeVariant(method),
		},
		Body: args,
	}
	if len(args) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(args...))
	}
	var buf bytes.Buffer
	err := m.EncodeTo(&buf, binary.LittleEndian)
	if err == nil {
		binary.LittleEndian.PutUint32(buf.Bytes()[8:], serial) // which the library gives only to its own
	}
	return buf.Bytes(), err
}

func (s *subscriber) await(buf []byte, signals int) error {
	for s.signals < signals {
		if err := s.read(buf); err != nil {
			return err
		}
	}
	return nil
}

// read reads what there is and counts the whole messages in it.
func (s *subscriber) read(buf []byte) error {
	kept := copy(buf, s.rest)
	n, err := s.Read(buf[kept:])
	if err != nil {
		return err
	}
	p := buf[:kept+n]
	for len(p) >= fixed {
		fields := binary.LittleEndian.Uint32(p[12:])
		size := fixed + int(fields+7)&^7 + int(binary.LittleEndian.Uint32(p[4:]))
		if len(p) < size {
			break
		}
		switch p[1] {
		case typeSignal:
			s.signals++
		case typeReply:
			s.replies++
		case typeError:
			return fmt.Errorf("the bus answers an error: %.300q", p[:size])
		}
		p = p[size:]
	}
	s.rest = append(s.rest[:0], p...)
	return nil
}
