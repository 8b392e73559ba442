package entries

import (
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Filter narrows a Scan. What is zero does not.
type Filter struct {
	Hidden         bool // entries whose own name is hidden too
	Kinds          []Kind
	Size           *Range // of regular files, in bytes
	Modified, Born *Range // nanoseconds since 1970 UTC
}

// A Range is from From to To, both among it.
type Range struct{ From, To int64 }

// A Row is an entry as Scan hands it out. It is valid until the function
// returns.
type Row struct {
	ID, Parent           int64
	Name                 []byte
	Size, Modified, Born int64
}

// Scan calls fn with every entry that the filter lets through and whose name
// fits, but for the roots of locations. Some may be in a folder that has been
// deleted: Tree finds that out.
func Scan(conn *sqlite.Conn, f *Filter, fits func(name []byte) bool, fn func(*Row) error) error {
	where, args := f.where()
	row := Row{}
	buf := make([]byte, 1024)
	return store.Each(conn, "SELECT id, parent, name, size, mtime, btime FROM entry WHERE parent > 0"+where, func(s *sqlite.Stmt) error {
		if n := s.ColumnLen(2); n > len(buf) {
			buf = make([]byte, n)
		}
		row.Name = buf[:s.ColumnBytes(2, buf)]
		if len(row.Name) > 0 && (row.Name[0] == '.' && !f.Hidden || row.Name[0] == '/') || !fits(row.Name) {
			return nil
		}
		row.ID, row.Parent = s.ColumnInt64(0), s.ColumnInt64(1)
		row.Size, row.Modified, row.Born = s.ColumnInt64(3), s.ColumnInt64(4), s.ColumnInt64(5)
		return fn(&row)
	}, args...)
}

func (f *Filter) where() (sql string, args []any) {
	and := func(condition string, values ...any) {
		sql += " AND " + condition
		args = append(args, values...)
	}
	if len(f.Kinds) > 0 {
		var kinds []any
		for _, k := range f.Kinds {
			kinds = append(kinds, int64(k))
		}
		and("kind IN (?"+strings.Repeat(", ?", len(kinds)-1)+")", kinds...)
	}
	if f.Size != nil {
		and("kind >= 4 AND size BETWEEN ? AND ?", f.Size.From, f.Size.To)
	}
	if f.Modified != nil {
		and("mtime BETWEEN ? AND ?", f.Modified.From, f.Modified.To)
	}
	if f.Born != nil {
		and("btime <> 0 AND btime BETWEEN ? AND ?", f.Born.From, f.Born.To)
	}
	return sql, args
}
