PRAGMA user_version = 5;
PRAGMA application_id = 0;
PRAGMA auto_vacuum = 0;
PRAGMA page_size = 4096;
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
CREATE TABLE paused_lanes (lane TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE probe (content BLOB NOT NULL) STRICT;
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
, identity_key TEXT, identity_digest TEXT, queued_at INTEGER, met INTEGER) STRICT
;
CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL
;
CREATE INDEX tasks_completed ON tasks (finished_at) WHERE state = 2
;
CREATE TRIGGER tasks_deleted AFTER DELETE ON tasks BEGIN
  DELETE FROM task_payloads WHERE seq = old.seq;
  DELETE FROM task_outputs WHERE seq = old.seq;
  DELETE FROM task_steps WHERE seq = old.seq;
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
CREATE INDEX tasks_ready ON tasks (lane, priority DESC, owner, seq) WHERE ready = 1
;
INSERT INTO api_keys (hash, id, owner, scopes, highest, label, created_at, revoked_at) VALUES ('1111111111111111111111111111111111111111111111111111111111111111', 'key-1', 'an owner/ü', 'client', 6, 'a label, ü', 1767323045678901, NULL);
INSERT INTO api_keys (hash, id, owner, scopes, highest, label, created_at, revoked_at) VALUES ('2222222222222222222222222222222222222222222222222222222222222222', 'key-2', 'machines', 'worker metrics', NULL, NULL, 1767323046678901, 1767323047678901);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'CANCELLED', 1);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'COMPLETED', 2);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'FAILED', 1);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'READY', 4);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'RUNNING', 1);
INSERT INTO counters (lane, phase, n) VALUES ('embedding.all-minilm-l6-v2', 'SCHEDULED', 2);
INSERT INTO counters (lane, phase, n) VALUES ('ping', 'READY', 1);
INSERT INTO history (minute, lane, submitted, completed, failed, cancelled, waited, ran) VALUES (1767323040000000, 'embedding.all-minilm-l6-v2', 18, 4, 2, 8, X'000000000000000000000000000000000000000000000000000000000000000400000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000002', X'000000000000000600000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO key_owners (owner) VALUES ('an owner/ü');
INSERT INTO paused_lanes (lane) VALUES ('ping');
INSERT INTO task_outputs (seq, format, output) VALUES (6, 'JSON', X'7B226973223A205B312C2022C3BC225D7D');
INSERT INTO task_outputs (seq, format, output) VALUES (7, 'EMBEDDINGS', X'020000000300000007000000010000000000803F000000C00000003F000000005F7089305ED0324F');
INSERT INTO task_payloads (seq, metadata, input) VALUES (1, '{"n":"d"}', X'7B22696E707574223A2264227D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (10, '{"n":"j"}', X'7B22696E707574223A226A227D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (11, '{"n":"k"}', X'7B22696E707574223A226B227D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (12, '{}', X'7B22696E707574223A227265616479227D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (2, '{"gr\u00F6\u00DFe":"\uD83D\n\""}', X'7B226D6F64656C223A2022616C6C2D6D696E696C6D2D6C362D7632222C22696E707574223A5B226772C3B6C39F65222C225C7530303030225D7D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (3, '{"source":"golden"}', X'7B22696E707574223A5B5B3130312C373539322C3130325D2C5B3130312C3130325D5D2C22656E636F64696E675F666F726D6174223A22626173653634222C2264696D656E73696F6E73223A3235367D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (4, '{}', X'7B7D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (5, '{"n":"e"}', X'7B22696E707574223A2265227D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (6, '{"n":"f"}', X'7B22696E707574223A2266227D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (7, '{"n":"g"}', X'7B22696E707574223A2267227D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (8, '{"n":"h"}', X'7B22696E707574223A2268227D');
INSERT INTO task_payloads (seq, metadata, input) VALUES (9, '{"n":"i"}', X'7B22696E707574223A2269227D');
INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message) VALUES (1, 1, 'LOST', 1767323085679901, 1767323045678901, 'worker-1', NULL, NULL);
INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message) VALUES (10, 1, 'CANCELLED', 1767323085789901, NULL, NULL, NULL, NULL);
INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message) VALUES (11, 1, 'FAILED', 1767323085789901, 1767323085789901, 'worker-1', 'TIMEOUT', 'ü too long');
INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message) VALUES (11, 2, 'RETRIED', 1767323086789901, NULL, NULL, NULL, NULL);
INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message) VALUES (8, 1, 'FAILED', 1767323085789901, 1767323085789901, 'worker-1', 'INFERENCE_FAILED', 'it threw');
INSERT INTO task_steps (seq, n, kind, at, started_at, worker, error_code, error_message) VALUES (9, 1, 'FAILED', 1767323085789901, 1767323085789901, 'worker-1', 'INFERENCE_FAILED', 'it threw');
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (1, '01k3jbd9e8dddddddddddddddddddddddddd', 'embedding.all-minilm-l6-v2', 5, 0, 1, NULL, 1, 0, 1, NULL, NULL, NULL, 'worker-1', 1767323045678901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 13, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, 1767323085679901, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (10, '01k3jbd9e8jjjjjjjjjjjjjjjjjjjjjjjjjj', 'embedding.all-minilm-l6-v2', 5, 4, 0, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, 1767323085759901, NULL, 1767323085789901, 1767326685789901, NULL, NULL, NULL, NULL, NULL, 13, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (11, '01k3jbd9e8kkkkkkkkkkkkkkkkkkkkkkkkkk', 'embedding.all-minilm-l6-v2', 5, 0, 1, NULL, 2, 0, 0, NULL, NULL, NULL, NULL, 1767323085769901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 13, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, 1767323086789901, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (12, '01k3jbd9e8llllllllllllllllllllllllll', 'embedding.all-minilm-l6-v2', 7, 0, 1, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, 1767323085779901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 17, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, 'node-2', 'named:order l', 'digest-l', NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (2, '01k3jbd9e8aaaaaaaaaaaaaaaaaaaaaaaaaa', 'embedding.all-minilm-l6-v2', 8, 0, 0, 1767326706789012, 0, 0, 0, NULL, NULL, NULL, NULL, 1767323085679901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 58, 'an owner/ü', 4, 61500000, 1767326706789012, 3600000000, 604800000000, 'node-1', 'named:order ü', 'digest-1', NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (3, '01k3jbd9e8bbbbbbbbbbbbbbbbbbbbbbbbbb', 'embedding.all-minilm-l6-v2', 5, 0, 1, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, 1767323085689901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 80, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, 'alike:digest-2', NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (4, '01k3jbd9e8cccccccccccccccccccccccccc', 'ping', 0, 0, 1, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, 1767323085699901, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2, 'default', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (5, '01k3jbd9e8eeeeeeeeeeeeeeeeeeeeeeeeee', 'embedding.all-minilm-l6-v2', 5, 1, 0, NULL, 1, 0, 0, '3149ca6c03a8a8fea9ac1f98bd2eaaf7', 1767323116789901, NULL, 'worker-1', 1767323085709901, 1767323085789901, NULL, NULL, 3, 10, 'three of ten', NULL, NULL, 13, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (6, '01k3jbd9e8ffffffffffffffffffffffffff', 'embedding.all-minilm-l6-v2', 5, 2, 0, NULL, 1, 1, 0, NULL, NULL, '2373f275ca25ce6b1458a9d47bc80c8b', 'worker-1', 1767323085719901, 1767323085789901, 1767323085789901, 1767326685789901, NULL, NULL, NULL, NULL, NULL, 13, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (7, '01k3jbd9e8gggggggggggggggggggggggggg', 'embedding.all-minilm-l6-v2', 5, 2, 0, NULL, 1, 1, 0, NULL, NULL, 'd3b09c0876c7465ed1249f05debbf455', 'worker-1', 1767323085729901, 1767323085789901, 1767323085789901, 1767326685789901, NULL, NULL, NULL, NULL, NULL, 13, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (8, '01k3jbd9e8hhhhhhhhhhhhhhhhhhhhhhhhhh', 'embedding.all-minilm-l6-v2', 5, 0, 0, 1767323385789901, 1, 1, 0, NULL, NULL, '551683fcf0fa512955da16f427df2bce', 'worker-1', 1767323085739901, NULL, NULL, NULL, NULL, NULL, NULL, 'INFERENCE_FAILED', 'it threw', 13, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, 1767323085789901, NULL);
INSERT INTO tasks (seq, id, lane, priority, state, ready, due, runs, attempts, lost, token, lease_until, settled_token, worker, created_at, started_at, finished_at, expires_at, progress_done, progress_total, progress_message, error_code, error_message, input_bytes, owner, max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, identity_key, identity_digest, queued_at, met) VALUES (9, '01k3jbd9e8iiiiiiiiiiiiiiiiiiiiiiiiii', 'embedding.all-minilm-l6-v2', 5, 3, 0, NULL, 1, 1, 0, NULL, NULL, 'dc791c9724f311c4e42694e846279ed5', 'worker-1', 1767323085749901, 1767323085789901, 1767323085789901, 1767927885789901, NULL, NULL, NULL, 'INFERENCE_FAILED', 'it threw', 13, 'owner', 4, 61500000, NULL, 3600000000, 604800000000, NULL, NULL, NULL, NULL, NULL);
