package disk

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/zeebo/blake3"
	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const readSize = 256 << 10 // bytes

// Why the content of a file is not read.
var (
	ErrChanged = errors.New("it changed while it was read")
	ErrInUse   = errors.New("it is a database that this process has open")
)

// A Content is the content of a file.
type Content struct {
	Hash entries.Hash
	Kind entries.Kind // by the first bytes, and the name where they do not tell
}

// A Reader reads the contents of files, one after another.
type Reader struct {
	hasher *blake3.Hasher
	buf    []byte
}

// NewReader returns a reader with a buffer of its own.
func NewReader() *Reader { return newReader(readSize) }

func newReader(size int) *Reader {
	return &Reader{blake3.New(), make([]byte, size)}
}

// Read reads a file in an open folder, whose size and time of modification are
// those that were seen before. Where they are not, or change while it is read,
// or no regular file is there, the error is ErrChanged.
func (r *Reader) Read(ctx context.Context, folder int, name string, size, modified int64) (c Content, err error) {
	in, fd, err := openFile(folder, name)
	if err != nil {
		return c, err
	}
	defer store.CloseFile(in)
	if !unchanged(fd, size, modified) {
		return c, ErrChanged
	}
	r.hasher.Reset()
	read := int64(0)
	c.Kind = entries.KindOfName(name)
	for {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		n, err := io.ReadFull(in, r.buf)
		if read == 0 {
			c.Kind = entries.KindOfContent(r.buf[:min(n, entries.MagicLength)], c.Kind)
		}
		r.hasher.Write(r.buf[:n])
		read += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return c, errors.Unwrap(err)
		}
	}
	if read != size || !unchanged(fd, size, modified) {
		return c, ErrChanged
	}
	r.hasher.Sum(c.Hash[:0])
	return c, nil
}

// Kind returns the kind of a regular file in an open folder by its first bytes,
// and by its name where they do not tell.
func (r *Reader) Kind(folder int, name string) (entries.Kind, error) {
	kind := entries.KindOfName(name)
	in, fd, err := openFile(folder, name)
	if err != nil {
		return kind, err
	}
	defer store.CloseFile(in)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return kind, ErrChanged
	}
	n, err := io.ReadFull(in, r.buf[:min(len(r.buf), entries.MagicLength)])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return kind, errors.Unwrap(err)
	}
	return entries.KindOfContent(r.buf[:n], kind), nil
}

// openFile opens a file in an open folder. What stands there now may be a fifo,
// whose opening would wait for a writer, or a symlink that leads elsewhere.
func openFile(folder int, name string) (*os.File, int, error) {
	if store.InUse(folder, name) {
		return nil, -1, ErrInUse
	}
	fd, err := retry(func() (int, error) {
		return unix.Openat(folder, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	})
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) {
		return nil, -1, ErrChanged
	}
	if err != nil {
		return nil, -1, err
	}
	return os.NewFile(uintptr(fd), name), fd, nil
}

// unchanged reports whether an open file is a regular one with this size and
// time of modification.
func unchanged(fd int, size, modified int64) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return false
	}
	return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size == size && nanoseconds(st.Mtim.Unix()) == modified
}
