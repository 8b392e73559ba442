package main

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A fakeDaemon stands in for the states that the real daemon cannot be brought
// into at will: silence, another protocol, another release, a job that never
// ends.
type fakeDaemon struct {
	mode  string
	hangs atomic.Bool // it was asked for more than the hello, in mode hanging
	job   protocol.ID
	boot  protocol.ID

	cancelled chan struct{} // closed when the job has been cancelled
	finish    chan struct{} // closed by the test when the job is to complete; nil: it never does
}

// serveFake serves at path until the returned function is called.
func serveFake(path string, d *fakeDaemon) (stop func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	conns := make(map[net.Conn]bool)
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[c] = true
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				d.serve(c)
			})
		}
	})
	return func() {
		l.Close()
		mu.Lock()
		for c := range conns {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	}, nil
}

func (d *fakeDaemon) serve(c net.Conn) {
	var wg sync.WaitGroup
	defer wg.Wait()
	gone := make(chan struct{})
	defer close(gone)
	frames := protocol.NewFrameReader(c, 0, nil)
	for {
		frame, err := frames.Next()
		if err != nil {
			return
		}
		req, wire := protocol.ParseRequest(frames.Encoding(), frame)
		if wire != nil {
			return
		}
		if out := d.answer(frames.Encoding(), &req); out != nil {
			if _, err := c.Write(out); err != nil {
				return
			}
		}
		if req.Type == protocol.TypeSubscribe && d.finish != nil {
			enc, id := frames.Encoding(), req.ID
			wg.Go(func() {
				select {
				case <-d.finish:
					_, _ = c.Write(d.completed(enc, id)) // the client may be gone
				case <-gone:
				}
			})
		}
	}
}

// completed is the event that tells of the job's end, for the subscription id.
func (d *fakeDaemon) completed(enc protocol.Encoding, id uint64) []byte {
	event, err := protocol.EncodeEvent(enc, &protocol.Event{
		Seq: 2, Type: api.JobUpdate.Type, JobID: d.job,
		Data: protocol.ValueOf(api.JobEvent{Kind: "index", Status: api.JobCompleted}),
	})
	if err != nil {
		panic(err)
	}
	return protocol.NewEventFrame(enc, id).Append(nil, event)
}

// isFinished reports whether the test has let the job complete.
func (d *fakeDaemon) isFinished() bool {
	select {
	case <-d.finish:
		return true
	default:
		return false
	}
}

func (d *fakeDaemon) answer(enc protocol.Encoding, req *protocol.Request) []byte {
	ok := func(v any) []byte {
		out, err := protocol.AppendResult(nil, enc, req, 1, v)
		if err != nil {
			panic(err)
		}
		return out
	}
	running := api.Job{ID: d.job, Kind: "index", Status: api.JobRunning, Progress: api.Progress{Done: 5, Total: 20, Rate: 2, ETAMS: 7000, Current: "/tmp/a\x1b[2Jb"}}
	switch {
	case d.mode == "silent", d.mode == "hanging" && (req.Type != protocol.TypeHello || d.hangs.Load()):
		d.hangs.Store(true)
		return nil
	case d.mode == "mismatch":
		return protocol.AppendError(nil, enc, req.ID, protocol.Errorf(protocol.ProtocolMismatch, "the client speaks protocol 1, the daemon 2 to 3").
			WithHint("upgrade spacedrive"))
	case d.mode == "unavailable" && req.Type == protocol.TypeQuery:
		return protocol.AppendError(nil, enc, req.ID, protocol.Errorf(protocol.CoreUnavailable, "the instance default is locked by pid 7"))
	case req.Type == protocol.TypeHello:
		return ok(protocol.HelloReply{Protocol: 1, Daemon: protocol.HelloDaemon{Name: "fake", Version: "0.0.1-old", PID: os.Getpid(), BootID: d.boot}})
	case req.Type == protocol.TypeSubscribe:
		out, err := protocol.AppendOK(nil, enc, protocol.TypeSubscribed, req.ID, protocol.Position{BootID: d.boot, Seq: 1})
		if err != nil {
			panic(err)
		}
		return out
	}
	switch req.Method {
	case api.CoreStatus.Method():
		return ok(api.Status{Version: "0.0.1-old", PID: os.Getpid(), Activation: "own", Network: "off"})
	case api.LibrariesList.Method():
		return ok(api.Libraries{Libraries: []api.Library{{ID: d.job, Name: "Home", Path: "/x"}}})
	case api.JobsInfo.Method():
		if d.isFinished() {
			running.Status = api.JobCompleted
			return ok(api.JobInfo{Job: running, Output: protocol.ValueOf(api.IndexOutput{Files: 20, Folders: 1})})
		}
		if d.mode == "part" {
			running.Status, running.Warnings = api.JobCompleted, 2
			return ok(api.JobInfo{
				Job:    running,
				Output: protocol.ValueOf(api.IndexOutput{Files: 3, Folders: 1}),
				WarningList: []api.Warning{
					{Path: "/x/closed", Code: protocol.PermissionDenied, Message: "permission denied"},
					{Path: "/x/e\x1b[2Jvil", Code: protocol.PermissionDenied, Message: "permission denied"},
				},
			})
		}
		return ok(api.JobInfo{Job: running, WarningList: []api.Warning{}})
	case api.JobsCancel.Method():
		running.Status = api.JobCancelled
		close(d.cancelled)
		return ok(running)
	}
	return protocol.AppendError(nil, enc, req.ID, protocol.Errorf(protocol.MethodNotFound, "no operation %q", req.Method))
}

// cmdFakeDaemon serves at a path until the script ends: fakedaemon silent PATH.
func cmdFakeDaemon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fakedaemon MODE PATH")
	}
	stop, err := serveFake(ts.MkAbs(args[1]), &fakeDaemon{mode: args[0], job: protocol.NewID(), boot: protocol.NewID(), cancelled: make(chan struct{})})
	ts.Check(err)
	ts.Defer(stop)
}
