package entries

import (
	"zombiezen.com/go/sqlite"

	"github.com/spacedrive-go/spacedrive/service/store"
)

// A Hash is the BLAKE3 hash of a file's content.
type Hash [32]byte

// SetContent notes what is in a file, whose kind may be another than its name
// says. The entry must still have the size and time of modification that were
// read; else, or where it is not at its place, SetContent changes nothing and
// returns false.
func (tx *Tx) SetContent(at Place, e Entry, hash Hash, kind Kind) (bool, error) {
	was, ok, err := tx.at(at, e.ID)
	if err != nil || !ok || was.Size != e.Size || was.Modified != e.Modified {
		return false, err
	}
	same, err := store.Int(tx.Conn, "SELECT count(*) FROM entry JOIN content ON content.id = content WHERE entry.id = ? AND hash = ?", e.ID, hash[:])
	if err != nil || same > 0 && kind == was.Kind {
		return err == nil, err
	}
	if err := tx.dropContent(e.ID); err != nil {
		return false, err
	}
	// No RETURNING, see Tx.log.
	if err := tx.Exec("INSERT INTO content (hash, size, refs) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET refs = refs + 1", hash[:], e.Size); err != nil {
		return false, err
	}
	err = tx.Exec("UPDATE entry SET content = (SELECT id FROM content WHERE hash = ?), kind = ? WHERE id = ?", hash[:], int64(kind), e.ID)
	if err != nil {
		return false, err
	}
	if kind != was.Kind {
		d := tx.delta(was.Parent)
		d.Kinds[was.Kind].Entries--
		d.Kinds[was.Kind].Bytes -= was.Size
		d.Kinds[kind].Entries++
		d.Kinds[kind].Bytes += was.Size
	}
	tx.record(Change{What: Updated, ID: e.ID, Kind: kind, Place: at, Content: true})
	return true, nil
}

// dropContent takes the content away from an entry, and the content itself with
// its last entry.
func (tx *Tx) dropContent(id int64) error {
	content, err := store.Int(tx.Conn, "SELECT ifnull(content, 0) FROM entry WHERE id = ?", id)
	if err != nil || content == 0 {
		return err
	}
	if err := tx.Exec("UPDATE entry SET content = NULL WHERE id = ?", id); err != nil {
		return err
	}
	return dropReference(tx.Conn, content)
}

func dropReference(conn *sqlite.Conn, content int64) error {
	if err := store.Each(conn, "UPDATE content SET refs = refs - 1 WHERE id = ?", nil, content); err != nil {
		return err
	}
	return store.Each(conn, "DELETE FROM content WHERE id = ? AND refs <= 0", nil, content)
}
