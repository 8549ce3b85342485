-- What happened. Positions come from `counter`, under the write lock: their order is that of commits, and none is used
-- again, also after pruning.
CREATE TABLE journal (
  position bigint PRIMARY KEY,
  at double precision NOT NULL,
  type text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  object_id text COLLATE "C" NOT NULL,
  region text NOT NULL,
  project text COLLATE "C" NOT NULL,
  request_id text NOT NULL,
  once text COLLATE "C" NOT NULL,
  data bytea NOT NULL
);
CREATE UNIQUE INDEX journal_once ON journal (object_id, type, once);
CREATE INDEX journal_project ON journal (project, kind);
CREATE INDEX journal_age ON journal (at);
