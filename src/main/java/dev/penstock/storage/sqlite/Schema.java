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
 * <p>Times are those of {@link SqliteClock}, but for {@code run_at} and {@code submitted_at}, which
 * are the wall clock's: {@code clock} has how far it was ahead since when, and when that was last
 * seen. What waits until its {@code run_at} has that as its {@code due}, in whole milliseconds.
 *
 * <p>{@code queued_at} is since when a task waits that did not become ready when it was created.
 * {@code tasks_ended} serves lists of everybody's tasks: it is written once a task, when it ends.
 * {@code tasks_of_owner} serves those of an owner. {@code met} is 1 when a later submit was
 * answered with the task before anybody had claimed it. {@code beside} is 1 when a task has a
 * checkpoint or children, now or before: of others nothing is looked up.
 *
 * <p>A task with {@code wake_at} waits for children. A parent's list of them has states of its own:
 * 0 new, 1 open, then as the tasks' own. A child has no {@code expires_at} until it is released.
 * {@code abandoning} has the ended parents whose lists have open children.
 *
 * <p>{@code owner_bytes} says what each owner's live tasks take: their inputs, and 1,000 bytes for
 * the rest of each. {@code input_gone} is 1 when a cancelled task's input was dropped for room.
 *
 * <p>{@code start_by} is {@code start_before} as long as no run of the task has begun.
 *
 * <p>{@code deaths} counts the processes that ended unannounced while they ran the task; from two
 * on it is a suspect. {@code apart} is 1 while its lease is of a run in a process of its own. Each
 * process is among the {@code holders} until the next one begins; {@code gone} is 1 when it ended
 * in good order.
 *
 * <p>{@code put_off} is how much workers far away have used up of the time by which they may put
 * the task off, since its last attempt.
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
          List.of("ALTER TABLE tasks ADD COLUMN met INTEGER"),
          List.of(
              "ALTER TABLE tasks ADD COLUMN parent TEXT",
              "ALTER TABLE tasks ADD COLUMN submitted_at INTEGER",
              "ALTER TABLE tasks ADD COLUMN beside INTEGER",
              "ALTER TABLE tasks ADD COLUMN wake_at INTEGER",
              "ALTER TABLE tasks ADD COLUMN wake_until INTEGER",
              "ALTER TABLE tasks ADD COLUMN wake_on_failure INTEGER",
              "CREATE INDEX tasks_parent ON tasks (parent, seq) WHERE parent IS NOT NULL",
              "CREATE INDEX tasks_waiting ON tasks (id) WHERE wake_at IS NOT NULL",
              "CREATE INDEX tasks_waking ON tasks (wake_until) WHERE wake_until IS NOT NULL",
              "DROP INDEX tasks_completed",
              """
              CREATE INDEX tasks_completed ON tasks (finished_at)
              WHERE state = 2 AND expires_at IS NOT NULL
              """,
              """
              CREATE TABLE task_checkpoints (
                seq INTEGER PRIMARY KEY,
                checkpoint BLOB NOT NULL
              ) STRICT
              """,
              """
              CREATE TABLE task_children (
                parent INTEGER NOT NULL,
                id TEXT NOT NULL,
                key TEXT NOT NULL,
                state INTEGER NOT NULL,
                PRIMARY KEY (parent, id)
              ) STRICT, WITHOUT ROWID
              """,
              """
              CREATE INDEX task_children_open ON task_children (parent, state, id) WHERE state < 2
              """,
              """
              CREATE TABLE new_children (
                id TEXT PRIMARY KEY,
                since INTEGER NOT NULL,
                task BLOB NOT NULL
              ) STRICT
              """,
              "CREATE INDEX new_children_since ON new_children (since)",
              "CREATE TABLE abandoning (seq INTEGER PRIMARY KEY) STRICT",
              """
              CREATE TRIGGER tasks_deleted_beside AFTER DELETE ON tasks WHEN old.beside = 1 BEGIN
                DELETE FROM task_checkpoints WHERE seq = old.seq;
                DELETE FROM task_children WHERE parent = old.seq;
              END
              """),
          List.of(
              "DROP INDEX tasks_completed",
              """
              CREATE INDEX tasks_oldest ON tasks (state, finished_at)
              WHERE state >= 2 AND expires_at IS NOT NULL
              """,
              "ALTER TABLE tasks ADD COLUMN input_gone INTEGER",
              """
              CREATE INDEX tasks_inputs ON tasks (finished_at)
              WHERE state = 4 AND expires_at IS NOT NULL AND input_gone IS NULL
              """,
              """
              CREATE TABLE owner_bytes (
                owner TEXT PRIMARY KEY,
                live INTEGER NOT NULL
              ) STRICT, WITHOUT ROWID
              """,
              """
              INSERT INTO owner_bytes (owner, live)
              SELECT owner, sum(input_bytes + 1000) FROM tasks WHERE state < 2 GROUP BY owner
              """,
              """
              CREATE TRIGGER tasks_live AFTER INSERT ON tasks WHEN new.state < 2 BEGIN
                INSERT INTO owner_bytes (owner, live) VALUES (new.owner, new.input_bytes + 1000)
                ON CONFLICT (owner) DO UPDATE SET live = live + excluded.live;
              END
              """,
              """
              CREATE TRIGGER tasks_live_ended AFTER UPDATE OF state ON tasks
              WHEN old.state < 2 AND new.state >= 2 BEGIN
                UPDATE owner_bytes SET live = live - old.input_bytes - 1000 WHERE owner = old.owner;
              END
              """,
              """
              CREATE TRIGGER tasks_live_again AFTER UPDATE OF state ON tasks
              WHEN old.state >= 2 AND new.state < 2 BEGIN
                INSERT INTO owner_bytes (owner, live) VALUES (new.owner, new.input_bytes + 1000)
                ON CONFLICT (owner) DO UPDATE SET live = live + excluded.live;
              END
              """,
              """
              CREATE TRIGGER tasks_live_deleted AFTER DELETE ON tasks WHEN old.state < 2 BEGIN
                UPDATE owner_bytes SET live = live - old.input_bytes - 1000 WHERE owner = old.owner;
              END
              """,
              // Without ready tasks, so that a submit does not write it.
              "CREATE INDEX tasks_of_owner ON tasks (owner, state, lane) WHERE ready = 0",
              "DROP INDEX tasks_parent",
              """
              CREATE INDEX tasks_parent ON tasks (parent, state, lane) WHERE parent IS NOT NULL
              """),
          List.of(
              "CREATE TABLE clock (since INTEGER PRIMARY KEY, ahead INTEGER NOT NULL,"
                  + " seen INTEGER NOT NULL) STRICT",
              """
              CREATE INDEX tasks_due_by_wall ON tasks (due)
              WHERE state = 0 AND ready = 0 AND due = run_at AND run_at % 1000 = 0
              """,
              """
              CREATE INDEX tasks_due_steadily ON tasks (due)
              WHERE state = 0 AND ready = 0 AND (due IS NOT run_at OR run_at % 1000 <> 0)
              """,
              "ALTER TABLE tasks ADD COLUMN start_before INTEGER",
              "ALTER TABLE tasks ADD COLUMN start_by INTEGER",
              """
              CREATE INDEX tasks_starting ON tasks (start_by)
              WHERE start_by IS NOT NULL AND state = 0
              """,
              "ALTER TABLE tasks ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0",
              "ALTER TABLE tasks ADD COLUMN apart INTEGER",
              """
              CREATE INDEX tasks_suspects ON tasks (lane, priority DESC, owner, seq)
              WHERE ready = 1 AND deaths >= 2
              """,
              """
              CREATE TABLE holders (
                worker TEXT PRIMARY KEY,
                gone INTEGER NOT NULL DEFAULT 0
              ) STRICT, WITHOUT ROWID
              """),
          List.of(
              "ALTER TABLE api_keys ADD COLUMN lanes TEXT",
              "ALTER TABLE api_keys ADD COLUMN owners TEXT",
              "ALTER TABLE tasks ADD COLUMN put_off INTEGER"));

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
