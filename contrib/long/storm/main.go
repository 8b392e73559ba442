//go:build linux

// Command storm runs random operations against daemons until its time is over,
// and reports what must never happen:
//
//	go run ./contrib/long/storm -for 1h
//
// Connections make random calls of every kind: libraries, locations, jobs and
// searches, with subscriptions, cancellations and short timeouts among them.
// Beside them files are created, moved, linked and deleted, disks are mounted,
// unmounted and filled, daemons are killed and started again, and a second
// daemon works on the same library, a third on the same data folder.
//
// It is a problem when a daemon ends by itself, reports a data race, panics,
// answers internal or does not answer, when a job comes to no end, when a full
// rescan finds other than what is on the disk, and when a stop takes longer
// than it may. The exit status is then 1, and the folder with the
// daemons' logs stays. Mounts take root.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

var (
	lasts       = flag.Duration("for", time.Hour, "how long the storm lasts")
	connections = flag.Int("connections", 12, "how many connections call at once")
	round       = flag.Duration("round", 30*time.Second, "how long each round lasts, after which everything is checked")
	program     = flag.String("spacedrived", "", "the daemon's program; default: built with the race detector")
	stopTime    = flag.Duration("stop", 10*time.Second, "how long a daemon may take to stop; more on a machine that does much else")
	seed        = flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the random numbers; the daemons' timing is not repeated by it")
)

// A storm is one run.
type storm struct {
	dir      string
	first    *daemon
	second   *daemon // shares a library with the first
	trees    []*tree
	small    string // mount point of a small disk; "" without root
	problems problems
	calls    counts
	compared int // locations with what is on the disk
}

func main() {
	log.SetFlags(log.Ltime)
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	dir, err := os.MkdirTemp("", "storm-")
	if err != nil {
		log.Fatal(err)
	}
	s := &storm{dir: dir}
	err = s.run(ctx)
	s.unmount()
	if err != nil {
		log.Print(err)
	}
	if n := s.problems.count(); n > 0 {
		log.Printf("%d kinds of problems; seed %d; the logs are in %s", n, *seed, dir)
	} else if err == nil {
		log.Print("no problem was found")
		_ = os.RemoveAll(dir)
	}
	if err != nil || s.problems.count() > 0 {
		os.Exit(1)
	}
}

func (s *storm) run(ctx context.Context) error {
	s.first, s.second = newDaemon(s, "first"), newDaemon(s, "second")
	defer s.first.kill()
	defer s.second.kill()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	end := time.Now().Add(*lasts)
	for n := uint64(1); time.Now().Before(end) && ctx.Err() == nil; n++ {
		s.round(ctx, n)
		if ctx.Err() == nil {
			s.check(ctx)
			log.Printf("round %d: %d locations compared with the disk so far; answers: %s", n, s.compared, s.calls.String())
		}
	}
	s.first.stop()
	s.second.stop()
	return ctx.Err()
}

// prepare builds the daemon where none is given, makes the trees and the small
// disk, and starts the daemons.
func (s *storm) prepare(ctx context.Context) error {
	if *program == "" {
		*program = filepath.Join(s.dir, "spacedrived")
		build := exec.CommandContext(ctx, "go", "build", "-race", "-gcflags=modernc.org/...=-race=false", "-trimpath", "-o", *program, "./cmd/spacedrived")
		build.Env = append(os.Environ(), "CGO_ENABLED=1")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build the daemon: %w\n%s", err, out)
		}
	}
	for n := range 4 {
		t, err := newTree(filepath.Join(s.dir, "trees", fmt.Sprint(n)))
		if err != nil {
			return err
		}
		s.trees = append(s.trees, t)
	}
	small := filepath.Join(s.dir, "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=3m"); err != nil {
		log.Printf("no disk is filled, mounted or unmounted, as that takes root: %v", err)
	} else {
		s.small = small
	}
	for _, d := range []*daemon{s.first, s.second} {
		if err := d.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// round lets everything happen at once for a while.
func (s *storm) round(ctx context.Context, n uint64) {
	ctx, cancel := context.WithTimeout(ctx, *round)
	defer cancel()
	var wg sync.WaitGroup
	random := func(who uint64) *rand.Rand { return rand.New(rand.NewPCG(*seed+n, who)) }
	for i := range *connections {
		c := &caller{storm: s, daemon: s.first, random: random(uint64(i))}
		if i%6 == 5 {
			c.daemon = s.second
		}
		wg.Go(func() { c.run(ctx) })
	}
	for i, t := range s.trees {
		wg.Go(func() { t.change(ctx, random(1000+uint64(i))) })
	}
	wg.Go(func() { s.disturb(ctx, random(2000)) })
	wg.Wait()
}

// unmount takes away what was mounted.
func (s *storm) unmount() {
	for _, t := range s.trees {
		t.unmount()
	}
	if s.small != "" {
		_ = syscall.Unmount(s.small, syscall.MNT_DETACH)
	}
}
