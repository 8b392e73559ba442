package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

// fanoutFlags say how a server is subscribed to and published with. What comes
// is counted in lines, or in frames where the request to subscribe is one.
type fanoutFlags struct {
	subscribers int
	mute        int
	readers     int
	subscribe   string
	greeting    int
	publish     string
	login       string
	published   int
	events      int
	lines       int
	windows     int
	each        bool
}

func (f *fanoutFlags) register() {
	flag.IntVar(&f.subscribers, "subscribers", 1, "connections that subscribe")
	flag.IntVar(&f.mute, "mute", 0, "further ones that subscribe and then never read")
	flag.IntVar(&f.readers, "readers", 1, "threads that read")
	flag.StringVar(&f.subscribe, "subscribe", "", "file of what a subscriber sends")
	flag.IntVar(&f.greeting, "greeting", 1, "lines that it gets before events")
	flag.StringVar(&f.login, "login", "", "file of what a publisher sends first")
	flag.StringVar(&f.publish, "publish", "", "file of what a publisher sends for a window of events")
	flag.IntVar(&f.published, "published", 1, "lines that it gets for that")
	flag.IntVar(&f.events, "events", 1, "events in a window")
	flag.IntVar(&f.lines, "lines", 1, "lines of an event")
	flag.IntVar(&f.windows, "windows", 1, "windows a round")
	flag.BoolVar(&f.each, "each", false, "print the microseconds of each window")
}

// A crowd is many subscribers and a publisher.
type crowd struct {
	fanoutFlags
	publisher *stream
	window    []byte // what publishes one
	threads   []reader
}

// A reader reads a part of the subscribers on a thread of its own.
type reader struct {
	streams []*stream
	begin   chan int   // how many lines each subscriber is to get
	done    chan error // that they have
}

// fanout has windows of events published, each when every subscriber has had
// the whole of the last. Figure: events delivered a second, or the microseconds
// of each window.
func fanout(f flags, address string) (round, error) {
	c := &crowd{fanoutFlags: f.fanout}
	if err := c.connect(address); err != nil {
		return nil, err
	}
	return c.round, nil
}

func (c *crowd) connect(address string) error {
	subscribe, err := os.ReadFile(c.subscribe)
	if err != nil {
		return err
	}
	c.readers = min(c.readers, c.subscribers)
	for range c.readers {
		c.threads = append(c.threads, reader{begin: make(chan int), done: make(chan error)})
	}
	for i := range c.subscribers + c.mute {
		s, err := open(address, subscribe, make([]byte, 4<<10))
		if err != nil {
			return fmt.Errorf("subscriber %d: %w", i, err)
		}
		if err := s.write(subscribe); err != nil {
			return err
		}
		if err := s.await(c.greeting); err != nil {
			return err
		}
		s.check = false // what is an error from here on is found as what is missing
		s.expected = s.seen
		if i < c.subscribers {
			t := &c.threads[i%c.readers]
			t.streams = append(t.streams, s)
		}
	}
	for _, t := range c.threads {
		go t.run()
	}
	return c.connectPublisher(address)
}

func (c *crowd) connectPublisher(address string) (err error) {
	if c.window, err = os.ReadFile(c.publish); err != nil {
		return err
	}
	c.publisher, err = open(address, c.window, make([]byte, readBuffer))
	if err != nil || c.login == "" {
		return err
	}
	login, err := os.ReadFile(c.login)
	if err != nil {
		return err
	}
	if err := c.publisher.write(login); err != nil {
		return err
	}
	return c.publisher.await(c.greeting)
}

func (r *reader) run() {
	buf := make([]byte, readBuffer)
	for _, s := range r.streams {
		s.buf = buf
	}
	waiting, err := newReady(r.streams)
	for lines := range r.begin {
		if err == nil {
			err = r.readAll(waiting, lines)
		}
		r.done <- err
	}
}

// readAll reads until every subscriber has so many lines more.
func (r *reader) readAll(waiting *ready, lines int) error {
	for _, s := range r.streams {
		s.expected += lines
	}
	for lagging := len(r.streams); lagging > 0; {
		some, err := waiting.wait()
		if err != nil {
			return err
		}
		for _, i := range some {
			s := r.streams[i]
			if err := s.readSome(); err != nil {
				return err
			}
			if s.seen > s.expected {
				return fmt.Errorf("a subscriber has %d lines more than were published", s.seen-s.expected)
			}
			if s.seen == s.expected {
				lagging--
			}
		}
	}
	return nil
}

func (c *crowd) round() ([]float64, error) {
	took := make([]float64, c.windows)
	began := time.Now()
	for i := range took {
		start := time.Now()
		if err := c.one(); err != nil {
			return nil, err
		}
		took[i] = microseconds(time.Since(start))
	}
	if c.each {
		return took, nil
	}
	delivered := c.windows * c.events * c.subscribers
	return []float64{float64(delivered) / time.Since(began).Seconds()}, nil
}

// one publishes a window and waits until all have it.
func (c *crowd) one() error {
	for _, t := range c.threads {
		t.begin <- c.events * c.lines
	}
	wrote := make(chan error, 1)
	go func() { wrote <- c.publisher.write(c.window) }()
	if err := c.publisher.await(c.publisher.seen + c.published); err != nil {
		return err
	}
	if err := <-wrote; err != nil {
		return err
	}
	var all error
	for _, t := range c.threads {
		all = errors.Join(all, <-t.done)
	}
	return all
}
