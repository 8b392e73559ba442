package oneoff

import (
	"context"
	"errors"
	"io/fs"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/service/core/disk"
	"github.com/spacedrive-go/spacedrive/service/core/entries"
	"github.com/spacedrive-go/spacedrive/service/store"
)

const (
	hashReaders = 2
	hashPage    = 256 // files

	// What the output shows of the duplicates. With paths of ordinary length
	// all of it takes some 200 KB, and never more than an event may.
	maxGroups     = 100
	maxGroupPaths = 20
	maxShown      = 512 << 10 // bytes of paths
)

// findDuplicates groups files of equal size by what is in them, in mode shallow
// by their names. Only those are read that are as big as another one.
func (s *scan) findDuplicates(ctx context.Context) error {
	d := &s.out.Duplicates
	d.By, d.Groups = api.ByName, []api.DuplicateGroup{}
	// A file can be met twice, where its folder is mounted twice.
	for _, query := range []string{
		"CREATE INDEX sizes ON file (size, device, inode)",
		`INSERT INTO candidate SELECT first FROM (
			SELECT min(id) AS first, count(*) OVER (PARTITION BY size) AS n FROM file GROUP BY size, device, inode
		) WHERE n > 1 ORDER BY first`,
	} {
		if err := s.exec(query); err != nil {
			return err
		}
	}
	if s.in.Mode == api.Content {
		d.By = api.ByContent
		if err := s.hash(ctx); err != nil {
			return err
		}
	} else if err := s.exec("INSERT INTO copy SELECT size, name, id FROM candidate JOIN file ON id = file"); err != nil {
		return err
	}
	for _, query := range []string{
		"CREATE INDEX copies ON copy (size, key)",
		"CREATE TABLE alike AS SELECT size, key, count(*) AS n, size * (count(*) - 1) AS wasted FROM copy GROUP BY size, key HAVING count(*) > 1",
	} {
		if err := s.exec(query); err != nil {
			return err
		}
	}
	err := store.Each(s.conn, "SELECT count(*), ifnull(sum(n), 0), ifnull(sum(wasted), 0) FROM alike", func(stmt *sqlite.Stmt) error {
		d.Count, d.Files, d.WastedBytes = stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)
		return nil
	})
	if err != nil {
		return err
	}
	return s.showGroups()
}

// showGroups puts the first groups into the output.
func (s *scan) showGroups() error {
	d := &s.out.Duplicates
	var keys [][]byte
	err := store.Each(s.conn, "SELECT size, key, n, wasted FROM alike ORDER BY wasted DESC, size DESC, key LIMIT "+strconv.Itoa(maxGroups), func(stmt *sqlite.Stmt) error {
		keys = append(keys, store.Bytes(stmt, 1))
		d.Groups = append(d.Groups, api.DuplicateGroup{
			Size: stmt.ColumnInt64(0), Files: stmt.ColumnInt64(2), WastedBytes: stmt.ColumnInt64(3), Paths: []api.Path{},
		})
		return nil
	})
	shown := 0
	for i, key := range keys {
		g := &d.Groups[i]
		if err != nil {
			return err
		}
		err = store.Each(s.conn, "SELECT folder, name FROM copy JOIN file ON id = file WHERE copy.size = ? AND key = ? ORDER BY id LIMIT "+strconv.Itoa(maxGroupPaths), func(stmt *sqlite.Stmt) error {
			folder, err := s.path(stmt.ColumnInt64(0))
			path := entries.Join(folder, store.Text(stmt, 1))
			if shown += len(path); shown <= maxShown {
				g.Paths = append(g.Paths, api.Path(path))
			}
			return err
		}, g.Size, key)
	}
	return err
}

// A file is one to hash.
type file struct {
	id             int64
	folder, name   string
	size, modified int64

	content disk.Content
	err     error
}

// hash reads the candidates, in the order in which the walk met them.
func (s *scan) hash(ctx context.Context) error {
	s.progress = api.Progress{Phase: "hash"}
	p := &s.progress
	err := store.Each(s.conn, "SELECT count(*), ifnull(sum(size), 0) FROM candidate JOIN file ON id = file", func(stmt *sqlite.Stmt) error {
		p.Total, p.BytesTotal = stmt.ColumnInt64(0), stmt.ColumnInt64(1)
		return nil
	})
	if err != nil {
		return err
	}
	for last := int64(0); ; {
		page, err := s.hashPage(last)
		if err != nil || len(page) == 0 {
			return err
		}
		last = page[len(page)-1].id
		// taken is called as files are done, from whichever reader.
		var mu sync.Mutex
		s.readFiles(ctx, page, func(f *file) {
			mu.Lock()
			defer mu.Unlock()
			p.Done, p.BytesDone, p.Current = p.Done+1, p.BytesDone+f.size, api.Path(entries.Join(f.folder, f.name))
			s.job.Progress(*p)
		})
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, f := range page {
			if err := s.takeHash(ctx, f); err != nil {
				return err
			}
		}
	}
}

func (s *scan) hashPage(after int64) (page []*file, err error) {
	var folders []int64
	err = store.Each(s.conn, "SELECT id, folder, name, size, modified FROM candidate JOIN file ON id = file WHERE file > ? ORDER BY file LIMIT "+strconv.Itoa(hashPage), func(stmt *sqlite.Stmt) error {
		folders = append(folders, stmt.ColumnInt64(1))
		page = append(page, &file{id: stmt.ColumnInt64(0), name: store.Text(stmt, 2), size: stmt.ColumnInt64(3), modified: stmt.ColumnInt64(4)})
		return nil
	}, after)
	for i, id := range folders {
		if err == nil {
			page[i].folder, err = s.path(id)
		}
	}
	return page, err
}

// readFiles reads files, several at once, until all are read or ctx ends.
func (s *scan) readFiles(ctx context.Context, page []*file, done func(*file)) {
	work := make(chan *file, len(page))
	for _, f := range page {
		work <- f
	}
	close(work)
	var running sync.WaitGroup
	defer running.Wait()
	for range hashReaders {
		running.Go(func() {
			reader := disk.NewReader()
			for f := range work {
				if ctx.Err() != nil {
					return
				}
				f.content, f.err = s.readFile(ctx, f, reader)
				done(f)
			}
		})
	}
}

func (s *scan) readFile(ctx context.Context, f *file, reader *disk.Reader) (disk.Content, error) {
	folder, err := s.open(f.folder, false)
	if err != nil {
		return disk.Content{}, err
	}
	defer unix.Close(folder)
	return reader.Read(ctx, folder, f.name, f.size, f.modified)
}

// takeHash notes the content of a file. One that has gone or changed since the
// walk met it is no duplicate.
func (s *scan) takeHash(ctx context.Context, f *file) error {
	switch {
	case f.err == nil:
		return s.exec("INSERT INTO copy VALUES (?, ?, ?)", f.size, f.content.Hash[:], f.id)
	case errors.Is(f.err, fs.ErrNotExist), errors.Is(f.err, disk.ErrInUse):
		return nil
	}
	return s.warn(ctx, entries.Join(f.folder, f.name), "the content cannot be read", f.err)
}
