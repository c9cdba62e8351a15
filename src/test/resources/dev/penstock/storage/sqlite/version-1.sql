-- A file of version 1 with tasks in every state: how such files were, for ever.
CREATE TABLE tasks (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  lane TEXT NOT NULL,
  priority INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  ready INTEGER NOT NULL,
  due INTEGER,
  runs INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  lost INTEGER NOT NULL DEFAULT 0,
  token TEXT,
  lease_until INTEGER,
  settled_token TEXT,
  worker TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  expires_at INTEGER,
  progress_done INTEGER,
  progress_total INTEGER,
  progress_message TEXT,
  error_code TEXT,
  error_message TEXT,
  input_bytes INTEGER NOT NULL,
  owner TEXT NOT NULL,
  max_attempts INTEGER NOT NULL,
  timeout INTEGER NOT NULL,
  run_at INTEGER,
  keep_completed INTEGER NOT NULL,
  keep_failed INTEGER NOT NULL,
  reply_to TEXT
) STRICT;
CREATE TABLE task_payloads (
  seq INTEGER PRIMARY KEY,
  metadata TEXT NOT NULL,
  input BLOB NOT NULL
) STRICT;
CREATE TABLE task_outputs (
  seq INTEGER PRIMARY KEY,
  format TEXT NOT NULL,
  output BLOB NOT NULL
) STRICT;
CREATE TABLE counters (
  lane TEXT NOT NULL,
  phase TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (lane, phase)
) STRICT, WITHOUT ROWID;
CREATE TABLE probe (content BLOB NOT NULL) STRICT;
CREATE INDEX tasks_ready ON tasks (lane, priority DESC, seq) WHERE ready = 1;
CREATE INDEX tasks_due ON tasks (due) WHERE state = 0 AND ready = 0;
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE state = 1;
CREATE INDEX tasks_expiring ON tasks (expires_at) WHERE state >= 2;
CREATE INDEX tasks_completed ON tasks (finished_at) WHERE state = 2;
CREATE TRIGGER tasks_deleted AFTER DELETE ON tasks BEGIN
  DELETE FROM task_payloads WHERE seq = old.seq;
  DELETE FROM task_outputs WHERE seq = old.seq;
END;
INSERT INTO tasks (seq, id, lane, priority, state, ready, created_at, input_bytes, owner, max_attempts, timeout, keep_completed, keep_failed)
VALUES (1, '111111111111111111111111111111111111', 'embedding.all-minilm-l6-v2', 5, 0, 1, 1764000000000001, 7, 'owner', 3, 60000000, 3600000000, 604800000000);
INSERT INTO task_payloads VALUES (1, '{"n":"1"}', CAST('{"n":1}' AS BLOB));
INSERT INTO tasks (seq, id, lane, priority, state, ready, created_at, input_bytes, owner, max_attempts, timeout, keep_completed, keep_failed, due, run_at)
VALUES (2, '222222222222222222222222222222222222', 'embedding.all-minilm-l6-v2', 5, 0, 0, 1764000000000002, 7, 'owner', 3, 60000000, 3600000000, 604800000000, 1764001000000000, 1764001000000000);
INSERT INTO task_payloads VALUES (2, '{"n":"2"}', CAST('{"n":2}' AS BLOB));
INSERT INTO tasks (seq, id, lane, priority, state, ready, created_at, input_bytes, owner, max_attempts, timeout, keep_completed, keep_failed, runs, token, lease_until, worker, started_at, lost)
VALUES (3, '333333333333333333333333333333333333', 'embedding.all-minilm-l6-v2', 5, 1, 0, 1764000000000003, 7, 'owner', 3, 60000000, 3600000000, 604800000000, 1, 't3', 1764010000000000, 'w', 1764000000000010, 1);
INSERT INTO task_payloads VALUES (3, '{"n":"3"}', CAST('{"n":3}' AS BLOB));
INSERT INTO tasks (seq, id, lane, priority, state, ready, created_at, input_bytes, owner, max_attempts, timeout, keep_completed, keep_failed, runs, attempts, settled_token, worker, started_at, finished_at, expires_at)
VALUES (4, '444444444444444444444444444444444444', 'embedding.all-minilm-l6-v2', 5, 2, 0, 1764000000000004, 7, 'owner', 3, 60000000, 3600000000, 604800000000, 1, 1, 't4', 'w', 1764000000000010, 1764000000000020, 1764003600000000);
INSERT INTO task_payloads VALUES (4, '{"n":"4"}', CAST('{"n":4}' AS BLOB));
INSERT INTO task_outputs VALUES (4, 'JSON', CAST('[4]' AS BLOB));
INSERT INTO tasks (seq, id, lane, priority, state, ready, created_at, input_bytes, owner, max_attempts, timeout, keep_completed, keep_failed, runs, attempts, settled_token, worker, started_at, finished_at, expires_at, error_code, error_message)
VALUES (5, '555555555555555555555555555555555555', 'embedding.all-minilm-l6-v2', 5, 3, 0, 1764000000000005, 7, 'owner', 3, 60000000, 3600000000, 604800000000, 3, 3, 't5', 'w', 1764000000000010, 1764000000000020, 1764604800000000, 'INFERENCE_FAILED', 'it threw');
INSERT INTO task_payloads VALUES (5, '{"n":"5"}', CAST('{"n":5}' AS BLOB));
INSERT INTO tasks (seq, id, lane, priority, state, ready, created_at, input_bytes, owner, max_attempts, timeout, keep_completed, keep_failed, finished_at, expires_at)
VALUES (6, '666666666666666666666666666666666666', 'embedding.all-minilm-l6-v2', 5, 4, 0, 1764000000000006, 7, 'owner', 3, 60000000, 3600000000, 604800000000, 1764000000000020, 1764003600000000);
INSERT INTO task_payloads VALUES (6, '{"n":"6"}', CAST('{"n":6}' AS BLOB));
INSERT INTO counters VALUES ('embedding.all-minilm-l6-v2', 'READY', 1);
INSERT INTO counters VALUES ('embedding.all-minilm-l6-v2', 'SCHEDULED', 1);
INSERT INTO counters VALUES ('embedding.all-minilm-l6-v2', 'RUNNING', 1);
INSERT INTO counters VALUES ('embedding.all-minilm-l6-v2', 'COMPLETED', 1);
INSERT INTO counters VALUES ('embedding.all-minilm-l6-v2', 'FAILED', 1);
INSERT INTO counters VALUES ('embedding.all-minilm-l6-v2', 'CANCELLED', 1);
PRAGMA user_version = 1;
