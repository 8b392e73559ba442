package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// SQLite locks its files with POSIX locks, and the kernel drops all that a
// process has on a file when the process closes any descriptor of it
// (https://sqlite.org/howtocorrupt.html, section 2.2). Code that opens files
// which it does not know, such as the indexer, must ask InUse before it opens
// one, and close it with CloseFile.

// An inode is a file's identity.
type inode struct{ dev, ino uint64 }

// A heldFile is a file of an open database.
type heldFile struct {
	db   *DB
	path string
	kept []*os.File // descriptors to close after the database
}

// files are those of this process's open databases.
var files = struct {
	mu      sync.Mutex // never held during I/O
	open    map[inode]*heldFile
	closing map[inode]chan struct{} // files that CloseFile closes just now
}{open: make(map[inode]*heldFile), closing: make(map[inode]chan struct{})}

// InUse reports whether a file is one of a database that this process has
// open: the database itself, by whatever name, or a file that SQLite keeps
// beside it.
func InUse(folder int, name string) bool {
	if isOpen(folder, name) {
		return true
	}
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		if database, ok := strings.CutSuffix(name, suffix); ok {
			return isOpen(folder, database)
		}
	}
	return false
}

func isOpen(folder int, name string) bool {
	var st unix.Stat_t
	if unix.Fstatat(folder, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return false
	}
	files.mu.Lock()
	defer files.mu.Unlock()
	return files.open[inodeOf(&st)] != nil
}

func inodeOf(st *unix.Stat_t) inode { return inode{uint64(st.Dev), uint64(st.Ino)} }

// CloseFile closes f. If f has become a file of an open database since InUse
// was asked, it is closed together with the database.
func CloseFile(f *os.File) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return errors.Join(err, f.Close())
	}
	id := inodeOf(&st)
	files.mu.Lock()
	for files.closing[id] != nil { // another descriptor of the file is closed just now
		done := files.closing[id]
		files.mu.Unlock()
		<-done
		files.mu.Lock()
	}
	if held := files.open[id]; held != nil {
		held.kept = append(held.kept, f)
		files.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	files.closing[id] = done
	files.mu.Unlock()
	err := f.Close()
	files.mu.Lock()
	delete(files.closing, id)
	files.mu.Unlock()
	close(done)
	return err
}

// holdFiles notes that db's files are in use. It is called again once SQLite
// has made those that it keeps beside the database.
func (db *DB) holdFiles(ctx context.Context) error {
	for _, suffix := range []string{"", "-shm"} { // the others are never locked
		var st unix.Stat_t
		err := unix.Stat(db.path+suffix, &st)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return &fs.PathError{Op: "stat", Path: db.path + suffix, Err: err}
		}
		if err := db.hold(ctx, inodeOf(&st), db.path+suffix); err != nil {
			return err
		}
	}
	return nil
}

// hold notes that db uses the file at path.
func (db *DB) hold(ctx context.Context, id inode, path string) error {
	var stale *heldFile
	for {
		files.mu.Lock()
		held, closing := files.open[id], files.closing[id]
		switch {
		case held != nil && held.db == db:
			files.mu.Unlock()
			return nil
		case held == stale && closing == nil:
			files.open[id] = &heldFile{db: db, path: path}
			files.mu.Unlock()
			db.files = append(db.files, id)
			return nil
		}
		files.mu.Unlock()
		if held != stale {
			// SQLite removes files of a database that it closes, and the inode
			// may be another file's before releaseFiles is called.
			var st unix.Stat_t
			if err := unix.Stat(held.path, &st); err == nil && inodeOf(&st) == id {
				return protocol.Errorf(protocol.Conflict, "%s is open already, as %s", path, held.path).With("path", protocol.Path(path))
			}
			stale = held
			continue
		}
		select {
		case <-closing:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// releaseFiles undoes holdFiles, after SQLite has closed the files.
func (db *DB) releaseFiles() {
	var kept []*os.File
	files.mu.Lock()
	for _, id := range db.files {
		if held := files.open[id]; held.db == db {
			kept = append(kept, held.kept...)
			delete(files.open, id)
		}
	}
	files.mu.Unlock()
	for _, f := range kept {
		f.Close()
	}
	db.files = nil
}
