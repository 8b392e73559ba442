package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// explainIn is explain for what ran under ctx: an interrupted query is ctx's
// own error.
func (db *DB) explainIn(ctx context.Context, err error) error {
	if err != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return db.explain(err)
}

// explain turns SQLite's errors into what a user can act on. Others pass.
func (db *DB) explain(err error) error {
	var wire *protocol.Error
	if err == nil || errors.As(err, &wire) {
		return err
	}
	fail := func(code protocol.Code, format string, args ...any) *protocol.Error {
		return protocol.Errorf(code, format, args...).With("path", protocol.Path(db.path)).With("cause", err.Error())
	}
	noSpace := func() error {
		return fail(protocol.OperationFailed, "cannot write %s: %w", db.path, syscall.ENOSPC).WithHint("free some space and try again")
	}
	refused := func() error {
		return fail(protocol.PermissionDenied, "cannot open or write %s: %w", db.path, err).
			WithHint("check that the folder and the file belong to you and are writable")
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull:
		return noSpace()
	case sqlite.ResultIOErr:
		// Some system calls' ENOSPC, such as that of making the WAL's
		// index longer, comes as a plain I/O error.
		if full(db.path) {
			return noSpace()
		}
		return fail(protocol.OperationFailed, "the disk failed while reading or writing %s: %w", db.path, err).
			WithHint("look for disk errors in the kernel's log: journalctl -k")
	case sqlite.ResultReadOnly, sqlite.ResultPerm, sqlite.ResultCantOpen, sqlite.ResultAuth:
		return refused()
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return fail(protocol.OperationFailed, "%s is damaged: %w", db.path, err).
			WithHint("put a copy of it back: %s.v*.bak beside it is one, if it is there", filepath.Base(db.path))
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return fail(protocol.Busy, "%s is locked by another program", db.path)
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return noSpace()
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return refused()
	}
	return err
}

// full reports whether the file system that holds path has no room left.
func full(path string) bool {
	const room = 64 << 10 // bytes
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &st); err != nil {
		return false
	}
	return uint64(st.Bavail)*uint64(st.Bsize) < room
}
