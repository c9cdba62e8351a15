PRAGMA user_version = 6;
PRAGMA application_id = 0;
PRAGMA auto_vacuum = 0;
PRAGMA page_size = 4096;
CREATE TABLE abandoning (seq INTEGER PRIMARY KEY) STRICT;
CREATE TABLE api_keys (
  hash TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  scopes TEXT NOT NULL,
  highest INTEGER,
  label TEXT,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID
;
CREATE TABLE counters (
  lane TEXT NOT NULL,
  phase TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (lane, phase)
) STRICT, WITHOUT ROWID
;
CREATE TABLE history (
  minute INTEGER NOT NULL,
  lane TEXT NOT NULL,
  submitted INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  waited BLOB NOT NULL,
  ran BLOB NOT NULL,
  PRIMARY KEY (minute, lane)
) STRICT, WITHOUT ROWID
;
CREATE TABLE key_owners (owner TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE new_children (
  id TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  task BLOB NOT NULL
) STRICT
;
CREATE TABLE paused_lanes (lane TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE probe (content BLOB NOT NULL) STRICT;
CREATE TABLE task_checkpoints (
  seq INTEGER PRIMARY KEY,
  checkpoint BLOB NOT NULL
) STRICT
;
CREATE TABLE task_children (
  parent INTEGER NOT NULL,
  id TEXT NOT NULL,
  key TEXT NOT NULL,
  state INTEGER NOT NULL,
  PRIMARY KEY (parent, id)
) STRICT, WITHOUT ROWID
;
CREATE TABLE task_outputs (
  seq INTEGER PRIMARY KEY,
  format TEXT NOT NULL,
  output BLOB NOT NULL
) STRICT
;
CREATE TABLE task_payloads (
  seq INTEGER PRIMARY KEY,
  metadata TEXT NOT NULL,
  input BLOB NOT NULL
) STRICT
;
CREATE TABLE task_steps (
  seq INTEGER NOT NULL,
  n INTEGER NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  started_at INTEGER,
  worker TEXT,
  error_code TEXT,
  error_message TEXT,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID
;
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
, identity_key TEXT, identity_digest TEXT, queued_at INTEGER, met INTEGER, parent TEXT, submitted_at INTEGER, beside INTEGER, wake_at INTEGER, wake_until INTEGER, wake_on_failure INTEGER) STRICT
;
CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL
;
CREATE INDEX new_children_since ON new_children (since);
CREATE INDEX task_children_open ON task_children (parent, state, id) WHERE state < 2
;
CREATE INDEX tasks_completed ON tasks (finished_at)
WHERE state = 2 AND expires_at IS NOT NULL
;
CREATE TRIGGER tasks_deleted AFTER DELETE ON tasks BEGIN
  DELETE FROM task_payloads WHERE seq = old.seq;
  DELETE FROM task_outputs WHERE seq = old.seq;
  DELETE FROM task_steps WHERE seq = old.seq;
END;
CREATE TRIGGER tasks_deleted_beside AFTER DELETE ON tasks WHEN old.beside = 1 BEGIN
  DELETE FROM task_checkpoints WHERE seq = old.seq;
  DELETE FROM task_children WHERE parent = old.seq;
END;
CREATE INDEX tasks_due ON tasks (due) WHERE state = 0 AND ready = 0
;
CREATE INDEX tasks_ended ON tasks (state, lane, seq, owner) WHERE state >= 2
;
CREATE INDEX tasks_expiring ON tasks (expires_at) WHERE state >= 2
;
CREATE UNIQUE INDEX tasks_identity ON tasks (owner, identity_key)
WHERE identity_key IS NOT NULL
;
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE state = 1
;
CREATE INDEX tasks_parent ON tasks (parent, seq) WHERE parent IS NOT NULL;
CREATE INDEX tasks_ready ON tasks (lane, priority DESC, owner, seq) WHERE ready = 1
;
CREATE INDEX tasks_waiting ON tasks (id) WHERE wake_at IS NOT NULL;
CREATE INDEX tasks_waking ON tasks (wake_until) WHERE wake_until IS NOT NULL;
INSERT INTO abandoning (seq) VALUES (2);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'CANCELLED', 1);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'COMPLETED', 1);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'FAILED', 1);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'READY', 1);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'RUNNING', 1);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'WAITING', 1);
INSERT INTO new_children (id, since, task) VALUES ('01k3jbd9e8hqp7e1ehtjs8oan4p8vbaff6qm', 1767323045678901, X'01000001497B226964223A2230316B336A62643965386871703765316568746A73386F616E347038766261666636716D222C226C616E65223A22656D62656464696E672E616C6C2D6D696E696C6D2D6C362D7632222C226F776E6572223A226F776E6572222C227072696F72697479223A352C226D61785F617474656D707473223A342C2274696D656F7574223A225054314D312E3553222C226B6565705F636F6D706C65746564223A2250543148222C226B6565705F6661696C6564223A22505431363848222C22706172656E74223A2230316B336A62643965386D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D6D222C227375626D69747465645F6174223A22323032362D30312D30325430333A30343A30362E3637383930315A222C226D65746164617461223A7B2267725C75303046365C753030444665223A22645C7530304534227D7D7B22696E707574223A317D');
INSERT INTO task_checkpoints (seq, checkpoint) VALUES (1, X'7365636F6E64');
INSERT INTO task_checkpoints (seq, checkpoint) VALUES (3, X'0001FF');
INSERT INTO task_children (parent, id, key, state) VALUES (1, '01k3jbd9e8hqp7e1ehtjs8oan4p8vbaff6qm', 'dä', 0);
INSERT INTO task_children (parent, id, key, state) VALUES (1, '01k3jbd9e8m1a3gur6apkbuk6rbvbeio77gf', 'c', 1);
INSERT INTO task_children (parent, id, key, state) VALUES (1, '01k3jbd9e8ng8k6cl7cd309jjlhue2si2c58', 'b', 3);
INSERT INTO task_children (parent, id, key, state) VALUES (2, '01k3jbd9e8nkmtj5uarc2tjjj49q0dnbl911', 'a', 1);
INSERT INTO task_outputs (seq, format, output) VALUES (4, 'JSON', X'31');
INSERT INTO task_payloads (seq, metadata, input) VALUES (1, '{"n":"m"}', X'7B22696E707574223A317D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (2, '{"n":"n"}', X'7B22696E707574223A317D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (3, '{"n":"o"}', X'7B22696E707574223A317D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (4, '{"gr\u00F6\u00DFe":"a"}', X'7B22696E707574223A317D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (5, '{"gr\u00F6\u00DFe":"b"}', X'7B22696E707574223A317D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (6, '{"gr\u00F6\u00DFe":"c"}', X'7B22696E707574223A317D');
INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message) VALUES (2, 1, 'CANCELLED', 1767323045678901, NULL, NULL, NULL, NULL);
INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message) VALUES (5, 1, 'FAILED', 1767323045678901, 1767323045678901, 'worker-1', 'INFERENCE_FAILED', 'it threw');
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met, parent, submitted_at, beside, wake_at, wake_until, wake_on_failure) VALUES (1, '01k3jbd9e8mmmmmmmmmmmmmmmmmmmmmmmmmm', 'embedding.all-minilm-l6-v2', 5, 1, 0, NULL, 2, 0, 0, NULL, NULL, '1653bd64c74cf606d4dee3034e3b2a6f', 'worker-1', 1767323045678901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 11, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, 1767323045678901, NULL, NULL, NULL, 1, 0, 1767326645678901, 1);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met, parent, submitted_at, beside, wake_at, wake_until, wake_on_failure) VALUES (2, '01k3jbd9e8nnnnnnnnnnnnnnnnnnnnnnnnnn', 'embedding.all-minilm-l6-v2', 5, 4, 0, NULL, 1, 0, 0, NULL, NULL, NULL, 'worker-1', 1767323045678901, NULL, 1767323045678901, 1767326645678901, NULL, NULL, NULL, NULL, NULL, 11, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met, parent, submitted_at, beside, wake_at, wake_until, wake_on_failure) VALUES (3, '01k3jbd9e8oooooooooooooooooooooooooo', 'embedding.all-minilm-l6-v2', 5, 1, 0, NULL, 1, 0, 0, 'd278fd6bed1078a905a3b26fbcc80743', 1767323075678901, NULL, 'worker-1', 1767323045678901, 1767323045678901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 11, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met, parent, submitted_at, beside, wake_at, wake_until, wake_on_failure) VALUES (4, '01k3jbd9e8j9otiqbovkjd87ufutetiisk6s', 'embedding.all-minilm-l6-v2', 5, 2, 0, NULL, 1, 1, 0, NULL, NULL, 'cc69376a1efb0bcb579b7ac021f9c810', 'worker-1', 1767323045678901, 1767323045678901, 1767323045678901, NULL, NULL, NULL, NULL, NULL, NULL, 11, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL, '01k3jbd9e8mmmmmmmmmmmmmmmmmmmmmmmmmm', 1767323046678901, NULL, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met, parent, submitted_at, beside, wake_at, wake_until, wake_on_failure) VALUES (5, '01k3jbd9e8ng8k6cl7cd309jjlhue2si2c58', 'embedding.all-minilm-l6-v2', 5, 3, 0, NULL, 1, 1, 0, NULL, NULL, 'cac1704ceb635d82129a639475965ff7', 'worker-1', 1767323045678901, 1767323045678901, 1767323045678901, NULL, NULL, NULL, NULL, 'INFERENCE_FAILED', 'it threw', 11, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL, '01k3jbd9e8mmmmmmmmmmmmmmmmmmmmmmmmmm', 1767323046678901, NULL, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met, parent, submitted_at, beside, wake_at, wake_until, wake_on_failure) VALUES (6, '01k3jbd9e8m1a3gur6apkbuk6rbvbeio77gf', 'embedding.all-minilm-l6-v2', 5, 0, 1, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, 1767323045678901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 11, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL, '01k3jbd9e8mmmmmmmmmmmmmmmmmmmmmmmmmm', 1767323046678901, NULL, NULL, NULL, NULL);
