-- A library: who it is, the folders it indexes, what is in them, and its jobs.
-- Ids that cross the wire are UUIDs of 16 bytes. Times are nanoseconds since
-- 1970 UTC. File names are blobs, because a file name is bytes.

CREATE TABLE library (
	one        INTEGER PRIMARY KEY CHECK (one = 1), -- there is a single row
	id         BLOB    NOT NULL,
	name       TEXT    NOT NULL,
	created_at INTEGER NOT NULL
);

CREATE TABLE location (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	uuid      BLOB    NOT NULL UNIQUE,
	path      BLOB    UNIQUE,   -- NULL while its entries are being removed
	name      TEXT    NOT NULL,
	mode      TEXT    NOT NULL,
	offline   TEXT    NOT NULL DEFAULT '', -- why it is offline
	device    INTEGER,          -- st_dev of its root when last scanned
	last_scan INTEGER,
	added_at  INTEGER NOT NULL
);

-- How many entries of each kind a location has, changed in the transaction
-- that changes the entries.
CREATE TABLE location_kind (
	location INTEGER NOT NULL,
	kind     INTEGER NOT NULL,
	files    INTEGER NOT NULL,
	bytes    INTEGER NOT NULL,
	PRIMARY KEY (location, kind)
) WITHOUT ROWID;

-- A row a file, folder or symlink. A location's root is one too: its parent
-- is 0 and its name the location's path. A folder's id is always less than the ids of what is in it,
-- and no id is ever used again.
CREATE TABLE entry (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	parent   INTEGER NOT NULL,
	location INTEGER NOT NULL,
	name     BLOB    NOT NULL,
	kind     INTEGER NOT NULL,
	flags    INTEGER NOT NULL, -- 1: hidden, 2: on another file system than its parent
	size     INTEGER NOT NULL,
	mtime    INTEGER NOT NULL,
	btime    INTEGER NOT NULL, -- 0 where the file system does not keep it
	UNIQUE (parent, name)
);

-- The folders of a location in the order in which a scan reads them. Kind 1 is folder.
CREATE INDEX entry_folder ON entry (location, id) WHERE kind = 1;

CREATE TABLE job (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	uuid        BLOB    NOT NULL UNIQUE,
	kind        TEXT    NOT NULL,
	status      TEXT    NOT NULL,
	location    BLOB,             -- uuid of the location that it works on
	trace_id    TEXT    NOT NULL, -- of the call that started it
	input       TEXT    NOT NULL, -- this and the next four are JSON
	checkpoint  TEXT,
	progress    TEXT,
	output      TEXT,
	error       TEXT,
	warnings    INTEGER NOT NULL DEFAULT 0,
	elapsed     INTEGER NOT NULL DEFAULT 0, -- nanoseconds that it ran, up to the checkpoint
	created_at  INTEGER NOT NULL,
	started_at  INTEGER,
	finished_at INTEGER
);

CREATE TABLE job_warning (
	job     INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
	number  INTEGER NOT NULL, -- from 1
	path    BLOB    NOT NULL,
	code    TEXT    NOT NULL,
	message TEXT    NOT NULL,
	PRIMARY KEY (job, number)
) WITHOUT ROWID;
