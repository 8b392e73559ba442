package scan

import (
	"context"
	"errors"
	"io/fs"
	"sync"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

const (
	hashReaders = 2
	hashAhead   = 64  // files read ahead of the writer
	hashRows    = 256 // files a transaction, which is also how much work a crash loses
)

// A hashing reads the content of a location's files: of those whose content is
// not known, or of all. Files are read in the order of their ids, several at
// once, and their hashes written in that order with the checkpoint.
type hashing struct {
	*batch
	root *root
	full bool

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
	entries.Entry
	folder string // absolute path

	// Set by a reader before it closes done.
	done    chan struct{}
	content disk.Content
	err     error
}

func (h *hashing) run(ctx context.Context) error {
	h.fetched = h.at.LastFile
	err := h.each(ctx, h.at.LastFile, func(_ *sqlite.Conn, _ *entries.Tree, e entries.Entry) error {
		h.total++
		h.bytes += e.Size
		return nil
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
		if len(h.changes) >= hashRows || h.due() {
			if err := h.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// each calls fn with the files of the location that are to be hashed, from the
// one after the given number on.
func (h *hashing) each(ctx context.Context, after int64, fn func(*sqlite.Conn, *entries.Tree, entries.Entry) error) error {
	return h.job.Library().DB.Read(ctx, func(conn *sqlite.Conn) error {
		var tree entries.Tree
		return entries.Unhashed(conn, after, h.full, func(e entries.Entry) error {
			in, err := tree.Folder(conn, e.Parent)
			if errors.Is(err, entries.ErrGone) || err == nil && in.Root != h.root.entry.ID {
				return nil
			}
			if err == nil && len(h.parts) > 0 {
				var folder string
				if folder, err = tree.Path(conn, e.Parent); err == nil && !h.parts.contain(entries.Join(folder, e.Name)) {
					return nil
				}
			}
			if err != nil {
				return err
			}
			return fn(conn, &tree, e)
		})
	})
}

var errFetched = errors.New("enough is read ahead")

func (h *hashing) fetch(ctx context.Context) error {
	if h.exhausted || len(h.ahead) > hashAhead/2 {
		return nil
	}
	room := hashAhead - len(h.ahead)
	var files []*file
	err := h.each(ctx, h.fetched, func(conn *sqlite.Conn, tree *entries.Tree, e entries.Entry) error {
		folder, err := tree.Path(conn, e.Parent)
		if err != nil {
			return err
		}
		files = append(files, &file{Entry: e, folder: folder, done: make(chan struct{})})
		if len(files) == room {
			return errFetched
		}
		return nil
	})
	if h.exhausted = err == nil; err != nil && err != errFetched {
		return err
	}
	for _, f := range files {
		h.fetched = f.ID
		h.ahead = append(h.ahead, f)
		h.work <- f // has room for all that are ahead
	}
	return nil
}

// take puts a file that was read into the batch.
func (h *hashing) take(f *file) {
	h.at.LastFile, h.dirty = f.ID, true
	h.doneFiles++
	h.doneBytes += f.Size
	path := entries.Join(f.folder, f.Name)
	switch {
	case f.err == nil:
		at := entries.Place{Folder: f.Parent, Path: f.folder, Name: f.Name}
		f.Kind = f.content.Kind
		h.add(change{do: identify, entry: f.Entry, place: at, hash: f.content.Hash})
	case errors.Is(f.err, fs.ErrNotExist):
		// It has gone; the next scan notices.
	case errors.Is(f.err, disk.ErrInUse):
		// Its content is read by a scan after it was closed.
	case errors.Is(f.err, disk.ErrChanged):
		h.warn(path, protocol.Conflict, "the file changed while it was read; the next scan reads it again")
	default:
		h.warn(path, disk.Code(f.err), "the content cannot be read: "+f.err.Error())
	}
	h.progress = api.Progress{
		Phase: "hash", Done: h.doneFiles, Total: h.total, BytesDone: h.doneBytes, BytesTotal: h.bytes, Current: api.Path(path),
	}
	h.job.Progress(h.progress)
}

// readFiles hashes files until there are no more, or ctx ends.
func (h *hashing) readFiles(ctx context.Context) {
	reader := disk.NewReader()
	for f := range h.work {
		if f.err = ctx.Err(); f.err == nil {
			f.content, f.err = h.readFile(ctx, f, reader)
		}
		close(f.done)
	}
}

func (h *hashing) readFile(ctx context.Context, f *file, reader *disk.Reader) (disk.Content, error) {
	folder, err := h.root.open(f.folder, false)
	if err != nil {
		return disk.Content{}, err
	}
	defer unix.Close(folder)
	return reader.Read(ctx, folder, f.Name, f.Size, f.Modified)
}
