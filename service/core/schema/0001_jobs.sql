-- An instance: its jobs that are of no library. The tables of jobs are those of
-- a library's database.

CREATE TABLE job (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	uuid        BLOB    NOT NULL UNIQUE,
	kind        TEXT    NOT NULL,
	status      TEXT    NOT NULL,
	location    BLOB,             -- always NULL here
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
	finished_at INTEGER,
	claims      TEXT              -- JSON: what it uses while it runs
);

CREATE TABLE job_warning (
	job     INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
	number  INTEGER NOT NULL, -- from 1
	path    BLOB    NOT NULL,
	code    TEXT    NOT NULL,
	message TEXT    NOT NULL,
	PRIMARY KEY (job, number)
) WITHOUT ROWID;
