//go:build linux

package main

import (
	"context"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// disturb kills and stops daemons, takes disks away and fills them, until ctx
// ends.
func (s *storm) disturb(ctx context.Context, random *rand.Rand) {
	for {
		pause(ctx, time.Duration(200+random.IntN(4000))*time.Millisecond)
		if ctx.Err() != nil {
			return
		}
		t := one(random, s.trees)
		d := []*daemon{s.first, s.first, s.second}[random.IntN(3)]
		switch n := random.IntN(10); {
		case n < 2:
			s.again(d, d.kill)
		case n < 3:
			s.again(d, d.stop)
		case n < 4:
			s.rival(random)
		case s.small == "":
		case n < 6:
			t.mount()
		case n < 8:
			t.unmount()
		case n < 9:
			s.fill()
		default:
			s.free()
		}
	}
}

// again ends a daemon and starts it again.
func (s *storm) again(d *daemon, end func()) {
	end()
	d.scan()
	if err := d.start(context.Background()); err != nil {
		s.problems.add("no start", "%v\n%s", err, d.tail())
	}
}

// rival starts a further daemon on the first one's data folder. It may refuse
// to start, or answer that the folder is in use. When the first is killed, it
// may get the folder; then the first gets it back when the rival has gone.
func (s *storm) rival(random *rand.Rand) {
	r := newDaemon(s, "rival")
	r.data = s.first.data
	if err := r.launch(); err != nil {
		log.Print(err)
		return
	}
	r.mu.Lock()
	r.wanted = true // an end by itself is as good
	ended := r.ended
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	select {
	case <-ended:
	case <-ctx.Done():
		_ = r.answers(ctx)
	}
	killed := random.IntN(2) == 0
	if killed {
		s.first.kill()
		if err := s.first.launch(); err != nil {
			log.Print(err)
		}
		pause(context.Background(), time.Second)
	}
	r.kill()
	r.scan()
	if err := s.first.answers(context.Background()); err != nil {
		s.problems.add("locked out", "the first daemon, after another on its data folder (itself killed meanwhile: %t): %v", killed, err)
	}
}

// fill takes all that is left of the small disk.
func (s *storm) fill() {
	f, err := os.Create(filepath.Join(s.small, "ballast"))
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = io.Copy(f, io.LimitReader(zeros{}, 1<<30)) // until it is full
}

func (s *storm) free() { _ = os.Remove(filepath.Join(s.small, "ballast")) }

// calm brings everything into a state that can be checked: disks with room,
// and all that is to be mounted is.
func (s *storm) calm() {
	if s.small != "" {
		s.free()
		_ = syscall.Mount("", s.small, "", syscall.MS_REMOUNT, "size=64m")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
