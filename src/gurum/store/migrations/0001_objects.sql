-- What is there. One table for all kinds: the columns are what is unique or filtered by, the rest is the document.
CREATE TABLE objects (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  key TEXT NOT NULL,
  region TEXT NOT NULL,
  account TEXT NOT NULL,
  project TEXT NOT NULL,
  resource_version INTEGER NOT NULL,
  schema INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE UNIQUE INDEX objects_id ON objects (kind, id);
CREATE UNIQUE INDEX objects_key ON objects (kind, key);
CREATE UNIQUE INDEX objects_version ON objects (kind, resource_version);

-- What is gone, for watchers that have not heard of it yet.
CREATE TABLE tombstones (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  region TEXT NOT NULL,
  account TEXT NOT NULL,
  project TEXT NOT NULL,
  resource_version INTEGER NOT NULL,
  removed_at REAL NOT NULL,
  schema INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE UNIQUE INDEX tombstones_id ON tombstones (kind, id);
CREATE UNIQUE INDEX tombstones_version ON tombstones (kind, resource_version);
CREATE INDEX tombstones_age ON tombstones (removed_at);

-- For each kind the version of its latest change, and the version up to which deletions were forgotten.
CREATE TABLE kinds (
  kind TEXT PRIMARY KEY,
  head INTEGER NOT NULL,
  horizon INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
