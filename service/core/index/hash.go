package index

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/zeebo/blake3"
	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/entry"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const (
	hashReaders = 2
	hashAhead   = 64        // files read ahead of the writer
	hashBuffer  = 256 << 10 // bytes
	hashRows    = 256       // files a transaction, which is also how much work a crash loses
)

// A hashing reads the content of a location's files: of those whose content is
// not known, or of all. Files are read in the order of their ids, several at
// once, and their hashes written in that order with the checkpoint.
type hashing struct {
	*batch
	root *root
	full bool

	paths     entry.Paths
	fetched   int64
	exhausted bool
	ahead     []*file
	work      chan *file
	total     int64
	bytes     int64
	doneBytes int64
	doneFiles int64
}

// A file is one to hash.
type file struct {
	row
	folder string // absolute path

	// Set by a reader before it closes done.
	done chan struct{}
	hash [32]byte
	is   entry.Kind
	err  error
}

// A hashed file is ready to be written.
type hashed struct {
	id   int64
	kind entry.Kind
	size int64
	hash [32]byte
}

var (
	errChanged = errors.New("it changed while it was read")
	errInUse   = errors.New("it is a database that this process has open")
)

const unhashed = "location = ?1 AND id > ?2 AND kind >= 4 AND (content IS NULL OR ?3)"

func (h *hashing) run(ctx context.Context) error {
	h.fetched = h.at.LastFile
	err := h.batch.run.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		return store.Each(conn, "SELECT count(*), ifnull(sum(size), 0) FROM entry WHERE "+unhashed, func(st *sqlite.Stmt) error {
			h.total, h.bytes = st.ColumnInt64(0), st.ColumnInt64(1)
			return nil
		}, h.location.Row, h.at.LastFile, h.full)
	})
	if err != nil || h.total == 0 {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer stop()
	h.work = make(chan *file, hashAhead)
	defer close(h.work)
	for range hashReaders {
		readers.Go(func() { h.readFiles(ctx) })
	}
	for {
		if err := h.fetch(ctx); err != nil {
			return err
		}
		if len(h.ahead) == 0 {
			return h.flush(ctx)
		}
		f := h.ahead[0]
		h.ahead = h.ahead[1:]
		select {
		case <-f.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		h.take(f)
		if len(h.contents) >= hashRows || h.due() {
			if err := h.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func (h *hashing) fetch(ctx context.Context) error {
	if h.exhausted || len(h.ahead) > hashAhead/2 {
		return nil
	}
	room := hashAhead - len(h.ahead)
	var files []*file
	err := h.batch.run.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		files = files[:0]
		return store.Each(conn, "SELECT id, parent, name, kind, size, mtime FROM entry WHERE "+unhashed+" ORDER BY id LIMIT ?4", func(st *sqlite.Stmt) error {
			folder, err := h.paths.Folder(conn, st.ColumnInt64(1))
			files = append(files, &file{folder: folder, done: make(chan struct{}), row: row{id: st.ColumnInt64(0), child: child{
				name: string(store.Bytes(st, 2)), kind: entry.Kind(st.ColumnInt64(3)), size: st.ColumnInt64(4), mtime: st.ColumnInt64(5),
			}}})
			return err
		}, h.location.Row, h.fetched, h.full, room)
	})
	if err != nil {
		return err
	}
	h.exhausted = len(files) < room
	for _, f := range files {
		h.fetched = f.id
		h.ahead = append(h.ahead, f)
		h.work <- f // has room for all that are ahead
	}
	return nil
}

// take puts a file that was read into the batch.
func (h *hashing) take(f *file) {
	h.at.LastFile, h.dirty = f.id, true
	h.doneFiles++
	h.doneBytes += f.size
	path := entry.Join(f.folder, f.name)
	switch {
	case f.err == nil:
		h.at.Hashed++
		h.contents = append(h.contents, hashed{f.id, f.is, f.size, f.hash})
		if f.is != f.kind {
			h.counts.Add(f.kind, -1, -f.size)
			h.counts.Add(f.is, 1, f.size)
		}
	case errors.Is(f.err, fs.ErrNotExist):
		// It has gone; the next scan notices.
	case errors.Is(f.err, errInUse):
		// Its content is read by a scan after it was closed.
	case errors.Is(f.err, errChanged):
		h.warn(path, protocol.Conflict, "the file changed while it was read; the next scan reads it again")
	default:
		h.warn(path, warningCode(f.err), "the content cannot be read: "+f.err.Error())
	}
	h.progress = api.Progress{
		Phase: "hash", Done: h.doneFiles, Total: h.total, BytesDone: h.doneBytes, BytesTotal: h.bytes, Current: api.Path(path),
	}
	h.batch.run.Progress(h.progress)
}

// readFiles hashes files until there are no more, or ctx ends.
func (h *hashing) readFiles(ctx context.Context) {
	hasher := blake3.New()
	buf := make([]byte, hashBuffer)
	for f := range h.work {
		if f.err = ctx.Err(); f.err == nil {
			f.err = h.readFile(ctx, f, hasher, buf)
		}
		close(f.done)
	}
}

func (h *hashing) readFile(ctx context.Context, f *file, hasher *blake3.Hasher, buf []byte) error {
	folder, err := h.root.open(f.folder, false)
	if err != nil {
		return err
	}
	if store.InUse(folder, f.name) {
		unix.Close(folder)
		return errInUse
	}
	// What stands there now may be a fifo, whose opening would wait for a
	// writer, or a symlink that leads out of the location.
	fd, err := retry(func() (int, error) {
		return unix.Openat(folder, f.name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	})
	unix.Close(folder)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) {
		return errChanged
	}
	if err != nil {
		return err
	}
	in := os.NewFile(uintptr(fd), filepath.Base(f.name))
	defer store.CloseFile(in)
	if !unchanged(fd, f) {
		return errChanged
	}
	hasher.Reset()
	size := int64(0)
	f.is = f.kind
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(in, buf)
		if size == 0 {
			f.is = entry.KindOfContent(buf[:min(n, entry.MagicLength)], entry.KindOfName(f.name))
		}
		hasher.Write(buf[:n])
		size += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return errors.Unwrap(err)
		}
	}
	if size != f.size || !unchanged(fd, f) {
		return errChanged
	}
	hasher.Sum(f.hash[:0])
	return nil
}

// unchanged reports whether an open file is still the regular file that its
// row tells of.
func unchanged(fd int, f *file) bool {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return false
	}
	mtime := nanoseconds(st.Mtim.Unix())
	return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size == f.size && mtime == f.mtime
}

// writeContents writes the identities of files' content. A file's kind may be
// another than its name says.
func (b *batch) writeContents(tx *store.Tx) error {
	for _, c := range b.contents {
		if err := tx.Exec("INSERT INTO content (hash, size) VALUES (?, ?) ON CONFLICT DO NOTHING", c.hash[:], c.size); err != nil {
			return err
		}
		err := tx.Exec("UPDATE entry SET content = (SELECT id FROM content WHERE hash = ?), kind = ? WHERE id = ?", c.hash[:], int64(c.kind), c.id)
		if err != nil {
			return err
		}
	}
	return nil
}

// dropContent removes identities that no entry has any more, some at a time.
func (b *batch) dropContent(ctx context.Context) error {
	var last int64
	db := b.run.Library().DB
	err := db.Read(ctx, func(conn *sqlite.Conn) (err error) {
		last, err = store.Int(conn, "SELECT max(id) FROM content")
		return err
	})
	for id := int64(0); id < last && err == nil; id += batchRows {
		err = db.Write(ctx, func(tx *store.Tx) error {
			return tx.Exec(`DELETE FROM content WHERE id > ? AND id <= ?
				AND NOT EXISTS (SELECT 1 FROM entry WHERE entry.content = content.id)`, id, id+batchRows)
		})
	}
	return err
}
