package library

import (
	"context"
	"runtime/debug"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/store"
)

// A change of the libraries claims the names, folders and ids that it uses, so
// that changes of different libraries do not wait for each other. To avoid
// deadlocks, a change claims names before folders before ids.

func nameKey(name string) string   { return "name " + foldName(name) }
func folderKey(path string) string { return "folder " + path }
func idKey(id protocol.ID) string  { return "id " + id.String() }
func (m *Manager) errClosing() error {
	return protocol.Errorf(protocol.CoreUnavailable, "the libraries are being closed")
}

// claim waits until no other change holds the keys, or ctx ends, and returns
// the function that releases them. It fails once Close has been called.
func (m *Manager) claim(ctx context.Context, keys ...string) (release func(), err error) {
	held := 0
	release = func() { m.release(keys[:held]) }
	for _, key := range keys {
		if err := m.claimOne(ctx, key, false); err != nil {
			release()
			return nil, err
		}
		held++
	}
	return release, nil
}

func (m *Manager) claimOne(ctx context.Context, key string, closing bool) error {
	for {
		m.mu.Lock()
		if m.closing && !closing {
			m.mu.Unlock()
			return m.errClosing()
		}
		released := m.claims[key]
		if released == nil {
			m.claims[key] = make(chan struct{})
			m.mu.Unlock()
			return nil
		}
		m.mu.Unlock()
		select {
		case <-released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *Manager) release(keys []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		close(m.claims[key])
		delete(m.claims, key)
	}
}

// unclaimed waits until no change is in progress, or ctx ends.
func (m *Manager) unclaimed(ctx context.Context) error {
	for {
		var released chan struct{}
		m.mu.Lock()
		for _, released = range m.claims {
			break
		}
		m.mu.Unlock()
		if released == nil {
			return nil
		}
		select {
		case <-released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stuck bounds the goroutines, and so the threads, that wait for disks which do
// not answer: the Go runtime ends the process at 10,000 threads.
var stuck = make(chan struct{}, 512)

// Within runs fn, which may be in a system call that a dead disk never answers,
// on a goroutine of its own. It returns fn's result, or ctx's error if ctx ends
// first: fn then goes on, and cleans up when it can. A panic of fn continues in
// the caller as a *store.Panic.
func Within[Out any](ctx context.Context, fn func() (Out, error)) (out Out, err error) {
	type result struct {
		out   Out
		err   error
		panic *store.Panic
	}
	select {
	case stuck <- struct{}{}:
	case <-ctx.Done():
		return out, ctx.Err()
	}
	ended := make(chan result, 1)
	go func() {
		defer func() { <-stuck }()
		var r result
		defer func() {
			if v := recover(); v != nil {
				r.panic = &store.Panic{Value: v, Stack: debug.Stack()}
			}
			ended <- r
		}()
		r.out, r.err = fn()
	}()
	select {
	case r := <-ended:
		if r.panic != nil {
			panic(r.panic)
		}
		return r.out, r.err
	case <-ctx.Done():
		return out, ctx.Err()
	}
}
