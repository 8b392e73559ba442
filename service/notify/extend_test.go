package notify_test

import (
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/service/notify"
)

func TestKeepExtending(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	nc, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { notify.KeepExtending(done, 60*time.Millisecond) })
	_ = nc.SetReadDeadline(time.Now().Add(5 * time.Minute))
	for range 3 {
		buf := make([]byte, 100)
		n, err := nc.Read(buf)
		if err != nil || string(buf[:n]) != "EXTEND_TIMEOUT_USEC=60000" {
			t.Fatalf("told %q, %v", buf[:n], err)
		}
	}
	close(done)
	wg.Wait()
}
