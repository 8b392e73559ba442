-- Entries get an identity, so that one that is renamed or moved keeps its id;
-- a folder's totals stand beside it; content counts its references. A row no
-- longer says which location it is in: that is its root's.

-- The state of the index as a whole.
CREATE TABLE index_state (
	one      INTEGER PRIMARY KEY CHECK (one = 1), -- there is a single row
	number   INTEGER NOT NULL, -- of the newest commit
	complete INTEGER NOT NULL, -- change has all changes of the commits after this one
	next_id  INTEGER NOT NULL, -- greater than the id of any entry so far
	mask     INTEGER NOT NULL  -- 62 bits that make entries' ids unlike other libraries'
);
INSERT INTO index_state SELECT 1, 0, 0, max(ifnull(max(id), 0), ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'entry'), 0)) + 1, 0 FROM entry;

-- The newest changes, for those who follow the index and missed some.
CREATE TABLE change (
	id     INTEGER PRIMARY KEY,
	number INTEGER NOT NULL, -- of the commit
	what   INTEGER NOT NULL, -- 1: inserted, 2: updated, 3: moved, 4: deleted with all below it
	entry  INTEGER NOT NULL,
	parent INTEGER NOT NULL  -- that it had before
);

-- File systems, by an identity that outlasts a boot.
CREATE TABLE device (
	id       INTEGER PRIMARY KEY,
	identity TEXT NOT NULL UNIQUE
);

-- A row a file, folder or symlink. A location's root is one too: its parent is
-- 0 and its name the location's path. A folder that was deleted, and whose
-- rows are still being removed, has the parent -1. No id is ever used again,
-- and their order means nothing.
CREATE TABLE entry3 (
	id      INTEGER PRIMARY KEY,
	parent  INTEGER NOT NULL,
	name    BLOB    NOT NULL,
	kind    INTEGER NOT NULL,
	flags   INTEGER NOT NULL, -- 2: on another file system than its parent, 4: has hard links
	size    INTEGER NOT NULL,
	blocks  INTEGER NOT NULL, -- of 512 bytes, that it takes on the disk
	mtime   INTEGER NOT NULL,
	ctime   INTEGER NOT NULL, -- nanoseconds after mtime, which are mostly 0
	btime   INTEGER NOT NULL, -- 0 where the file system does not keep it
	device  INTEGER NOT NULL, -- 0 until a scan has seen it
	inode   INTEGER NOT NULL,
	content INTEGER,
	UNIQUE (parent, name)
);
INSERT INTO entry3 SELECT id, parent, name, kind, flags & 2, size, (size + 511) / 512, mtime, 0, btime, 0, 0, content
	FROM entry WHERE location IN (SELECT id FROM location WHERE path IS NOT NULL) ORDER BY id;

-- What is below each folder, by kind: see entries.Totals for the form. Folders
-- with nothing below them have no row.
CREATE TABLE total (
	folder INTEGER PRIMARY KEY,
	sums   BLOB NOT NULL
);

-- Entries that a scan of a location did not find. It deletes those that do not
-- turn up elsewhere before it ends.
CREATE TABLE absent (
	root  INTEGER NOT NULL, -- of the location
	entry INTEGER NOT NULL,
	PRIMARY KEY (root, entry)
) WITHOUT ROWID;

ALTER TABLE location ADD COLUMN root INTEGER; -- its entry
INSERT INTO entry3 (id, parent, name, kind, flags, size, blocks, mtime, ctime, btime, device, inode)
	SELECT (SELECT next_id FROM index_state) + id, 0, path, 1, 0, 0, 0, 0, 0, 0, 0, 0 FROM location
	WHERE path IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entry3 WHERE parent = 0 AND name = path);
UPDATE index_state SET next_id = max(next_id, (SELECT ifnull(max(id), 0) + 1 FROM entry3));
DELETE FROM location WHERE path IS NULL;
UPDATE location SET root = (SELECT id FROM entry3 WHERE parent = 0 AND name = path);
DROP TABLE location_kind;
DROP TABLE entry;
ALTER TABLE entry3 RENAME TO entry;
CREATE INDEX entry_inode ON entry (inode); -- see entries/load.go
CREATE INDEX entry_linked ON entry (inode) WHERE flags & 4;
CREATE INDEX entry_content ON entry (content) WHERE content IS NOT NULL;

ALTER TABLE content ADD COLUMN refs INTEGER NOT NULL DEFAULT 0; -- entries with this content
UPDATE content SET refs = (SELECT count(*) FROM entry WHERE entry.content = content.id);
DELETE FROM content WHERE refs = 0;
