-- The identity of files' content: files with the same content refer to the
-- same row. An entry whose content is NULL was not hashed, or changed since.

CREATE TABLE content (
	id   INTEGER PRIMARY KEY,
	hash BLOB    NOT NULL UNIQUE, -- BLAKE3, 32 bytes
	size INTEGER NOT NULL
);

ALTER TABLE entry ADD COLUMN content INTEGER;

CREATE INDEX entry_content ON entry (content) WHERE content IS NOT NULL;
