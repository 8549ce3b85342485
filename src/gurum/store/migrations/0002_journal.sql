-- What happened. AUTOINCREMENT: a position is never used again, also after pruning.
CREATE TABLE journal (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  at REAL NOT NULL,
  type TEXT NOT NULL,
  kind TEXT NOT NULL,
  object_id TEXT NOT NULL,
  region TEXT NOT NULL,
  project TEXT NOT NULL,
  request_id TEXT NOT NULL,
  once TEXT NOT NULL,
  data BLOB NOT NULL
);
CREATE UNIQUE INDEX journal_once ON journal (object_id, type, once);
CREATE INDEX journal_project ON journal (project, kind);
CREATE INDEX journal_age ON journal (at);
