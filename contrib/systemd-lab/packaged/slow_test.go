//go:build linux

package packaged

import (
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// slowPause is how long each folder takes to open: long enough that the job is
// never through while a test looks at it, short enough that the job can stop.
const slowPause = 200 * time.Millisecond

// slowDown makes the folders below root open slowly, all but the first few,
// like those of a disk that is busy: whatever happens to a job meanwhile
// happens in its midst, however fast the machine is. It asks fanotify(7) for
// the right to permit each opening.
func slowDown(t testing.TB, root string, few int) (release func()) {
	t.Helper()
	var all []string // first: the walk would wait for itself
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK|unix.FAN_UNLIMITED_MARKS, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		t.Fatalf("fanotify_init: %v", err)
	}
	gate := os.NewFile(uintptr(fd), "fanotify")
	for _, path := range all {
		if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_OPEN_PERM|unix.FAN_ONDIR, unix.AT_FDCWD, path); err != nil {
			gate.Close()
			t.Fatalf("fanotify_mark %s: %v", path, err)
		}
	}
	var done sync.WaitGroup
	done.Go(func() { permit(gate, few) })
	release = sync.OnceFunc(func() {
		gate.Close() // who waits is let through
		done.Wait()
	})
	t.Cleanup(release)
	return release
}

// permit lets openings through, one at a time after the first few, until the
// gate is closed.
func permit(gate *os.File, few int) {
	const size = 24 // of struct fanotify_event_metadata
	buf := make([]byte, 64*size)
	pace := time.NewTicker(slowPause)
	defer pace.Stop()
	for {
		n, err := gate.Read(buf)
		if err != nil {
			return
		}
		for event := buf[:n]; len(event) >= size; event = event[binary.NativeEndian.Uint32(event):] {
			opened := int32(binary.NativeEndian.Uint32(event[16:]))
			if few--; few < 0 {
				<-pace.C
			}
			answer := binary.NativeEndian.AppendUint32(nil, uint32(opened))
			_, err := gate.Write(binary.NativeEndian.AppendUint32(answer, unix.FAN_ALLOW))
			_ = unix.Close(int(opened))
			if err != nil {
				return
			}
		}
	}
}
