package store

import (
	"sync"

	"modernc.org/libc"
)

// keepSlabs holds one block of each size class of the allocator below SQLite.
// The allocator takes memory for small blocks in slabs of 64 KiB, and gives a
// slab back to the kernel with its last block: without one that stays, SQLite's
// short-lived buffers, of which each split of a page takes two, cost a mmap, a
// munmap and page faults each time. That was a quarter of the time of a scan.
var keepSlabs = sync.OnceFunc(func() {
	const (
		smallest = 16
		biggest  = 16 << 10 // bigger blocks are mapped one by one
	)
	tls := libc.NewTLS()
	for size := smallest; size <= biggest; size *= 2 {
		libc.Xmalloc(tls, libc.Tsize_t(size))
	}
})
