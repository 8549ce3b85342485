-- What is there. One table for all kinds: the columns are what is unique or filtered by, the rest is the document.
-- COLLATE "C": the order of ids is that of their bytes, on every server and after every upgrade of its C library.
-- A key is anything that somebody named, in UTF-8: longer than an index takes, or with a NUL, which no text may have.
CREATE TABLE objects (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  key bytea NOT NULL,
  region text NOT NULL,
  account text NOT NULL,
  project text NOT NULL,
  resource_version bigint NOT NULL,
  schema integer NOT NULL,
  data bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE UNIQUE INDEX objects_id ON objects (kind, id);
CREATE UNIQUE INDEX objects_key ON objects (kind, sha256(key));
CREATE UNIQUE INDEX objects_version ON objects (kind, resource_version);

-- What is gone, for watchers that have not heard of it yet.
CREATE TABLE tombstones (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  region text NOT NULL,
  account text NOT NULL,
  project text NOT NULL,
  resource_version bigint NOT NULL,
  removed_at double precision NOT NULL,
  schema integer NOT NULL,
  data bytea NOT NULL
);
CREATE UNIQUE INDEX tombstones_id ON tombstones (kind, id);
CREATE UNIQUE INDEX tombstones_version ON tombstones (kind, resource_version);
CREATE INDEX tombstones_age ON tombstones (removed_at);

-- For each kind the version of its latest change, and the version up to which deletions were forgotten.
CREATE TABLE kinds (
  kind text COLLATE "C" PRIMARY KEY,
  head bigint NOT NULL,
  horizon bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- The latest version of all and the journal's latest position, in one row. Its row lock is the write lock: whoever
-- commits holds it until the end.
CREATE TABLE counter (
  version bigint NOT NULL,
  position bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO counter VALUES (0, 0);

-- The number of each process's latest commit: how it learns what became of one whose acknowledgement was lost.
CREATE TABLE writers (
  writer text COLLATE "C" PRIMARY KEY,
  number bigint NOT NULL,
  at timestamptz NOT NULL
) WITH (fillfactor = 50);
