package core_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// deadMount mounts a file system that never answers, as one whose server has
// gone, until the test ends.
func deadMount(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("A DEAD MOUNT IS NOT TESTED: %v", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", f.Fd())
	if err := syscall.Mount("dead", dir, "fuse", syscall.MS_NODEV|syscall.MS_NOSUID, options); err != nil {
		f.Close()
		t.Skipf("A DEAD MOUNT IS NOT TESTED: %v", err)
	}
	t.Cleanup(func() {
		must(t, f.Close()) // which fails the calls that wait
		must(t, syscall.Unmount(dir, syscall.MNT_DETACH))
	})
	return dir
}

// TestCallsOnADeadMountEndInTime.
func TestCallsOnADeadMountEndInTime(t *testing.T) {
	i := start(t)
	c := i.newLibrary("Home")
	dead := deadMount(t)
	for name, do := range map[string]func(context.Context) error{
		"locations.add": func(ctx context.Context) error {
			_, err := tryContext(ctx, c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(filepath.Join(dead, "x"))})
			return err
		},
		"libraries.create": func(ctx context.Context) error {
			_, err := tryContext(ctx, c, api.LibrariesCreate, api.LibraryCreateInput{Name: "Far", Path: api.Path(filepath.Join(dead, "x"))})
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		ended := make(chan error, 1)
		go func() { ended <- do(ctx) }()
		select {
		case err := <-ended:
			if !protocol.HasCode(err, protocol.DeadlineExceeded) && err != context.DeadlineExceeded {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("%s does not return", name)
		}
		cancel()
	}
	// The others are as before.
	add(c, tree(t, t.TempDir(), "a.txt"), api.Shallow)
}
