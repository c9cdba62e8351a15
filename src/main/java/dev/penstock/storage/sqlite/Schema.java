package dev.penstock.storage.sqlite;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/**
 * The tables, and how a file of an older version becomes one of this version. A version's list
 * never changes once released; a change is a new list.
 *
 * <p>What claims and settles change is kept in a narrow row; inputs and outputs lie beside it, so
 * that a change of state does not write them again. Times are microseconds since 1970, durations
 * microseconds. States: 0 pending, 1 processing, 2 completed, 3 failed, 4 cancelled.
 *
 * <p>{@code queued_at} is since when a task waits that did not become ready when it was created.
 * {@code tasks_ended} serves lists: it is written once a task, when it ends. {@code met} is 1 when
 * a later submit was answered with the task before anybody had claimed it.
 */
final class Schema {
  private static final List<List<String>> VERSIONS =
      List.of(
          List.of(
              """
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
              ) STRICT
              """,
              """
              CREATE TABLE task_payloads (
                seq INTEGER PRIMARY KEY,
                metadata TEXT NOT NULL,
                input BLOB NOT NULL
              ) STRICT
              """,
              """
              CREATE TABLE task_outputs (
                seq INTEGER PRIMARY KEY,
                format TEXT NOT NULL,
                output BLOB NOT NULL
              ) STRICT
              """,
              """
              CREATE TABLE counters (
                lane TEXT NOT NULL,
                phase TEXT NOT NULL,
                n INTEGER NOT NULL,
                PRIMARY KEY (lane, phase)
              ) STRICT, WITHOUT ROWID
              """,
              "CREATE TABLE probe (content BLOB NOT NULL) STRICT",
              """
              CREATE INDEX tasks_ready ON tasks (lane, priority DESC, seq) WHERE ready = 1
              """,
              """
              CREATE INDEX tasks_due ON tasks (due) WHERE state = 0 AND ready = 0
              """,
              """
              CREATE INDEX tasks_leased ON tasks (lease_until) WHERE state = 1
              """,
              """
              CREATE INDEX tasks_expiring ON tasks (expires_at) WHERE state >= 2
              """,
              """
              CREATE INDEX tasks_completed ON tasks (finished_at) WHERE state = 2
              """,
              """
              CREATE TRIGGER tasks_deleted AFTER DELETE ON tasks BEGIN
                DELETE FROM task_payloads WHERE seq = old.seq;
                DELETE FROM task_outputs WHERE seq = old.seq;
              END
              """),
          List.of(
              "ALTER TABLE tasks ADD COLUMN identity_key TEXT",
              "ALTER TABLE tasks ADD COLUMN identity_digest TEXT",
              "ALTER TABLE tasks ADD COLUMN queued_at INTEGER",
              """
              CREATE UNIQUE INDEX tasks_identity ON tasks (owner, identity_key)
              WHERE identity_key IS NOT NULL
              """,
              """
              CREATE INDEX tasks_ended ON tasks (state, lane, seq, owner) WHERE state >= 2
              """,
              """
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
              """,
              "CREATE TABLE paused_lanes (lane TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
              """
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
              """,
              "DROP TRIGGER tasks_deleted",
              """
              CREATE TRIGGER tasks_deleted AFTER DELETE ON tasks BEGIN
                DELETE FROM task_payloads WHERE seq = old.seq;
                DELETE FROM task_outputs WHERE seq = old.seq;
                DELETE FROM task_steps WHERE seq = old.seq;
              END
              """),
          List.of(
              """
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
              """,
              """
              CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL
              """,
              "CREATE TABLE key_owners (owner TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"),
          List.of(
              "DROP INDEX tasks_ready",
              """
              CREATE INDEX tasks_ready ON tasks (lane, priority DESC, owner, seq) WHERE ready = 1
              """),
          List.of("ALTER TABLE tasks ADD COLUMN met INTEGER"));

  static final int VERSION = VERSIONS.size();

  private Schema() {}

  static void migrate(SqliteConnection connection, Path file) throws SQLException {
    long found = connection.number("PRAGMA user_version");
    if (found > VERSION) {
      throw new CannotOpen(
          "database %s has version %d, written by a newer Penstock; this one knows up to %d"
              .formatted(file, found, VERSION));
    }
    if (found == 0 && connection.number("SELECT count(*) FROM sqlite_schema") > 0) {
      throw new CannotOpen("database " + file + " belongs to another program");
    }
    for (int version = (int) found; version < VERSION; version++) {
      connection.begin();
      for (String statement : VERSIONS.get(version)) {
        connection.execute(statement);
      }
      connection.execute("PRAGMA user_version = " + (version + 1));
      connection.commit();
    }
  }
}
