package main

import (
	"os"
	"time"
)

// call makes one call after another on one connection. Figures: the
// microseconds of each.
func call(f flags, address string) (round, error) {
	request, err := os.ReadFile(f.request)
	if err != nil {
		return nil, err
	}
	s, err := open(address, request, make([]byte, readBuffer))
	if err != nil {
		return nil, err
	}
	return func() ([]float64, error) {
		took := make([]float64, f.calls)
		for i := range took {
			began := time.Now()
			if err := s.write(request); err != nil {
				return nil, err
			}
			if err := s.await(s.seen + 1); err != nil {
				return nil, err
			}
			took[i] = microseconds(time.Since(began))
		}
		s.check = false // the first round has shown that all is well
		return took, nil
	}, nil
}

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// clients keeps a call in flight on each of many connections, from one thread,
// and waits for whichever answers: with reads in turn the server would wait for
// the client. Figure: calls a second.
func clients(f flags, address string) (round, error) {
	request, err := os.ReadFile(f.request)
	if err != nil {
		return nil, err
	}
	all := make([]*stream, f.clients)
	buf := make([]byte, readBuffer)
	for i := range all {
		if all[i], err = open(address, request, buf); err != nil {
			return nil, err
		}
	}
	waiting, err := newReady(all)
	if err != nil {
		return nil, err
	}
	f.calls = max(f.calls, f.clients)
	return func() ([]float64, error) {
		began := time.Now()
		for _, s := range all {
			if err := s.write(request); err != nil {
				return nil, err
			}
		}
		for sent, answered := f.clients, 0; answered < f.calls; {
			some, err := waiting.wait()
			if err != nil {
				return nil, err
			}
			for _, i := range some {
				s := all[i]
				if err := s.await(s.seen + 1); err != nil {
					return nil, err
				}
				answered++
				if sent == f.calls {
					continue
				}
				if err := s.write(request); err != nil {
					return nil, err
				}
				sent++
			}
		}
		rate := float64(f.calls) / time.Since(began).Seconds()
		for _, s := range all {
			s.check = false
		}
		return []float64{rate}, nil
	}, nil
}

// gathered is how much of its calls a pipelining client writes at a time.
const gathered = 64 << 10

// pipeline sends the requests of a file over and over on one connection, many
// with a write, and reads the answers meanwhile. Figure: calls a second, the
// number of calls being rounded up to whole files.
func pipeline(f flags, address string) (round, error) {
	requests, err := os.ReadFile(f.request)
	if err != nil {
		return nil, err
	}
	s, err := open(address, requests, make([]byte, readBuffer))
	if err != nil {
		return nil, err
	}
	each := len(messages(requests))
	times := (f.calls + each - 1) / each
	calls := times * each
	return func() ([]float64, error) {
		began := time.Now()
		wrote := make(chan error, 1)
		go func() { wrote <- s.writeGathered(requests, times) }()
		if err := s.await(s.seen + calls); err != nil {
			return nil, err
		}
		if err := <-wrote; err != nil {
			return nil, err
		}
		s.check = false
		return []float64{float64(calls) / time.Since(began).Seconds()}, nil
	}, nil
}

func (s socket) writeGathered(p []byte, times int) error {
	for range times {
		for rest := p; len(rest) > 0; {
			n := min(gathered, len(rest))
			if err := s.write(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return nil
}

// connect makes a connection for each pair of calls: it connects, makes the
// first call, a hello, then the second, and closes. Figures: the microseconds
// of each connection.
func connect(f flags, address string) (round, error) {
	both, err := os.ReadFile(f.request)
	if err != nil {
		return nil, err
	}
	requests := messages(both)
	buf := make([]byte, readBuffer)
	return func() ([]float64, error) {
		took := make([]float64, f.calls)
		for i := range took {
			began := time.Now()
			s, err := open(address, both, buf)
			if err != nil {
				return nil, err
			}
			for _, request := range requests {
				if err := s.write(request); err != nil {
					return nil, err
				}
				if err := s.await(s.seen + 1); err != nil {
					return nil, err
				}
			}
			if err := s.close(); err != nil {
				return nil, err
			}
			took[i] = microseconds(time.Since(began))
		}
		return took, nil
	}, nil
}
