//go:build linux

package packaged

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// roleVariable names what this test binary is when it runs inside.
const roleVariable = "PACKAGED_ROLE"

// play is the whole life of such a process. What it has to tell it prints, as
// one JSON document; anything on stderr and a status above 0 are a failure of
// the role itself, not of what it looked at.
func play(role string, args []string) int {
	var report any
	var err error
	switch role {
	case "plant":
		err = plant(args)
	case "callers":
		report, err = callers(args[0])
	case "activate":
		report, err = activateAll(args)
	default:
		err = fmt.Errorf("no role %q", role)
	}
	if err == nil && report != nil {
		err = json.MarshalWrite(os.Stdout, report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, role+":", err)
		return 1
	}
	return 0
}

// plant makes folders with files of differing size.
func plant(args []string) error {
	folders, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	files, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	for i := range folders {
		dir := filepath.Join(args[0], fmt.Sprintf("folder %04d", i))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for j := range files {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file-%03d.txt", j)), make([]byte, (i+j)%7), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// callersReport tells what clients saw of the daemons that they called.
type callersReport struct {
	Queries, Connections, Actions int
	Lost                          []string // what failed and may not
	Unsure                        []string // actions that may have run: their clients were told so
	Versions                      []string // of the daemons, in the order of their answers
	Boots                         int      // how many daemons answered
}

// callers call the daemon without a pause until stdin ends: one by queries on
// a connection that it keeps, one by a connection a query, one by actions.
func callers(socket string) (*callersReport, error) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	var mu sync.Mutex
	report := &callersReport{}
	boots := make(map[protocol.ID]bool)
	saw := func(s api.Status) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(report.Versions, s.Version) {
			report.Versions = append(report.Versions, s.Version)
		}
		boots[s.BootID] = true
	}
	failed := func(list *[]string, err error) {
		mu.Lock()
		defer mu.Unlock()
		*list = append(*list, fmt.Sprintf("%T: %v", err, err))
	}
	target := client.Socket(socket)
	target.HelloTimeout = patience
	kept, err := client.Dial(ctx, target)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	acting, err := client.Dial(ctx, target)
	if err != nil {
		return nil, err
	}
	defer acting.Close()
	libraries, err := client.Call(ctx, acting, api.LibrariesList, api.Empty{})
	if err != nil {
		return nil, err
	}
	library := libraries.Libraries[0]

	// A call that has begun is let end, whatever comes of it.
	calls := context.Background()
	var all sync.WaitGroup
	all.Go(func() {
		for ; ctx.Err() == nil; report.Queries++ {
			s, err := client.Call(calls, kept, api.CoreStatus, api.Empty{})
			if err != nil {
				failed(&report.Lost, err)
				return
			}
			saw(s)
		}
	})
	all.Go(func() {
		for ; ctx.Err() == nil; report.Connections++ {
			c, err := client.Dial(calls, target)
			if err != nil {
				failed(&report.Lost, err)
				return
			}
			s, err := client.Call(calls, c, api.CoreStatus, api.Empty{})
			if err != nil {
				failed(&report.Lost, err)
				return
			}
			saw(s)
			_ = c.Close()
		}
	})
	all.Go(func() {
		for ; ctx.Err() == nil; report.Actions++ {
			name := fmt.Sprintf("Home %d", report.Actions)
			_, err := client.Call(calls, acting, api.LibrariesRename, api.LibraryRenameInput{NewName: name}, client.InLibrary(library.ID))
			switch {
			case err == nil:
			case protocol.HasCode(err, protocol.ReadError):
				failed(&report.Unsure, err)
			default:
				failed(&report.Lost, err)
				return
			}
		}
	})
	all.Wait()
	report.Boots = len(boots)
	return report, nil
}

// activateReport tells of daemons that were started by a connection each.
type activateReport struct {
	Activations int
	Boots       int
	Lost        []string
	TookMS      int64
}

// activateAll starts daemons through every socket at once, each as often as
// the first argument says.
func activateAll(args []string) (*activateReport, error) {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return nil, err
	}
	report := &activateReport{}
	begin := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, socket := range args[1:] {
		all.Go(func() {
			boots := make(map[protocol.ID]bool)
			for i := range n {
				s, err := activate(socket)
				mu.Lock()
				if err != nil {
					report.Lost = append(report.Lost, fmt.Sprintf("%s, activation %d: %v", socket, i, err))
				} else {
					report.Activations++
					boots[s.BootID] = true
				}
				enough := len(report.Lost) >= 20
				mu.Unlock()
				if enough {
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			report.Boots += len(boots)
		})
	}
	all.Wait()
	report.TookMS = time.Since(begin).Milliseconds()
	return report, nil
}

// activate asks the daemon for its status, and waits for its exit. It is not
// a client that tries again: what it sends is answered or lost.
func activate(socket string) (s api.Status, err error) {
	c, err := net.DialTimeout("unix", socket, patience)
	if err != nil {
		return s, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return s, err
	}
	if _, err := io.WriteString(c, `{"type":"query","id":1,"method":"core.status"}`+"\n"); err != nil {
		return s, err
	}
	r := bufio.NewReader(c)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return s, fmt.Errorf("after %q: %w", line, err)
	}
	var answer struct {
		Type    string     `json:"type"`
		Payload api.Status `json:"payload"`
	}
	if err := json.Unmarshal(line, &answer); err != nil || answer.Type != "ok" {
		return s, fmt.Errorf("%w: %s", err, line)
	}
	s = answer.Payload
	fd, err := unix.PidfdOpen(s.PID, 0)
	if err == unix.ESRCH {
		return s, fmt.Errorf("the daemon %d exited with a client connected", s.PID)
	} else if err != nil {
		return s, err
	}
	defer unix.Close(fd)
	c.Close()
	ended := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for deadline := time.Now().Add(patience); ; {
		n, err := unix.Poll(ended, int(time.Until(deadline).Milliseconds()))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return s, err
		case n == 0:
			return s, fmt.Errorf("the daemon %d did not exit within %v", s.PID, patience)
		default:
			return s, nil
		}
	}
}
