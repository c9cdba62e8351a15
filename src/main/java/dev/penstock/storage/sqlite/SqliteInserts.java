package dev.penstock.storage.sqlite;

import dev.penstock.storage.Metadata;
import dev.penstock.storage.Micros;
import dev.penstock.storage.Phase;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.Identity;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Takes new tasks in, unless they are known already or an earlier one is meant. */
final class SqliteInserts {
  private static final String INSERT =
      """
      INSERT INTO tasks (seq, id, lane, priority, ready, due, created_at, input_bytes, owner,
        max_attempts, timeout, run_at, keep_completed, keep_failed, reply_to, parent,
        submitted_at, start_before, start_by%s)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?%s)
      ON CONFLICT (id) DO NOTHING
      """;

  private static final String NAMELESS = INSERT.formatted("", "");
  private static final String IDENTIFIED =
      INSERT.formatted(", identity_key, identity_digest", ", ?, ?");

  private static final String PAYLOAD =
      "INSERT INTO task_payloads (seq, metadata, input) VALUES (?, ?, ?)";

  private static final String KNOWN = "SELECT created_at FROM tasks WHERE id = ?";

  private static final String HOLDER =
      """
      SELECT seq, id, state, priority, identity_digest FROM tasks INDEXED BY tasks_identity
      WHERE owner = ? AND identity_key = ?
      """;

  private static final String RELEASE =
      "UPDATE tasks SET identity_key = NULL, identity_digest = NULL WHERE seq = ?";

  /** Who waits for a task has it kept, though its own submit is refused. */
  private static final String MEET =
      "UPDATE tasks SET met = 1 WHERE seq = ? AND state = 0 AND runs = 0 AND met IS NULL";

  private SqliteInserts() {}

  /** The task that an identity belongs to. */
  private record Holder(
      long seq, TaskId id, TaskState state, int priority, @Nullable String digest) {}

  /**
   * @param seq the number of its row, if it gets one
   * @param now the store's time
   * @param wall what the wall clock says
   */
  static Inserted insert(
      SqliteConnection connection, long seq, TaskSpec spec, Instant now, Instant wall)
      throws SQLException {
    Identity identity = spec.identity();
    if (identity != null && created(connection, spec).isEmpty()) {
      Holder holder = holder(connection, spec.owner(), identity);
      if (holder != null) {
        Inserted meant = meant(connection, spec, identity, holder);
        if (meant != null) {
          return meant;
        }
        Columns.bind(connection.prepare(RELEASE), holder.seq()).executeUpdate();
      }
    }
    return new Inserted.Kept(Micros.toInstant(add(connection, seq, spec, now, wall)));
  }

  /** What an insert would answer that would add nothing; empty: it would add the task. */
  static Optional<Inserted> meant(SqliteConnection connection, TaskSpec spec) throws SQLException {
    Identity identity = spec.identity();
    Optional<Long> created = created(connection, spec);
    if (created.isPresent()) {
      return created.map(Micros::toInstant).map(Inserted.Kept::new);
    }
    Holder holder = identity == null ? null : holder(connection, spec.owner(), identity);
    return identity == null || holder == null
        ? Optional.empty()
        : Optional.ofNullable(meant(connection, spec, identity, holder));
  }

  /** Empty: it is not known. */
  private static Optional<Long> created(SqliteConnection connection, TaskSpec spec)
      throws SQLException {
    return Columns.first(Columns.bind(connection.prepare(KNOWN), spec.id()), Columns::number);
  }

  /** Null: the holder of its identity is not what it means, and a new task takes the place. */
  private static @Nullable Inserted meant(
      SqliteConnection connection, TaskSpec spec, Identity identity, Holder holder)
      throws SQLException {
    return switch (identity) {
      case Identity.Named named ->
          named.means(holder.digest()) ? earlier(connection, holder) : new Inserted.Conflict();
      case Identity.Alike _ -> standsIn(holder, spec) ? earlier(connection, holder) : null;
    };
  }

  private static @Nullable Holder holder(
      SqliteConnection connection, String owner, Identity identity) throws SQLException {
    return Columns.first(
            Columns.bind(connection.prepare(HOLDER), owner, identity.key()),
            row ->
                new Holder(
                    row.number(),
                    row.id(),
                    TaskRows.state(row.small()),
                    row.small(),
                    row.textOrNull()))
        .orElse(null);
  }

  private static boolean standsIn(Holder holder, TaskSpec spec) {
    return switch (holder.state()) {
      case PENDING, PROCESSING, COMPLETED -> holder.priority() >= spec.priority().value();
      case FAILED, CANCELLED -> false;
    };
  }

  private static Inserted earlier(SqliteConnection connection, Holder holder) throws SQLException {
    if (holder.state() == TaskState.PENDING) {
      Columns.bind(connection.prepare(MEET), holder.seq()).executeUpdate();
    }
    return new Inserted.Earlier(TaskRows.glance(connection, holder.id()).orElseThrow().task());
  }

  /** A task that is known already stays as it is. When it was created. */
  private static long add(
      SqliteConnection connection, long seq, TaskSpec spec, Instant now, Instant wall)
      throws SQLException {
    Instant at = spec.runAt();
    boolean ready = at == null || !at.isAfter(wall);
    Long runAt = Micros.ofNullable(at);
    Long due = ready ? null : runAt;
    if (at != null && !ready && spec.delayed()) {
      due = Micros.of(now) + Micros.of(Duration.between(wall, at));
    }
    Long startBefore = Micros.ofNullable(spec.startBefore());
    Identity identity = spec.identity();
    var insert =
        Columns.bind(
            connection.prepare(identity == null ? NAMELESS : IDENTIFIED),
            seq,
            spec.id(),
            spec.lane().name(),
            spec.priority().value(),
            ready ? 1 : 0,
            due,
            Micros.of(now),
            spec.input().length,
            spec.owner(),
            spec.maxAttempts(),
            Micros.of(spec.timeout()),
            runAt,
            Micros.of(spec.retention().completed()),
            Micros.of(spec.retention().failed()),
            spec.replyTo(),
            spec.parent(),
            Micros.ofNullable(spec.origin().submittedAt()),
            startBefore,
            startBefore);
    if (identity != null) {
      insert.setString(20, identity.key());
      insert.setString(21, digest(identity));
    }
    if (insert.executeUpdate() == 0) {
      return created(connection, spec).orElseThrow();
    }
    Columns.bind(connection.prepare(PAYLOAD), seq, Metadata.toJson(spec.metadata()), spec.input())
        .executeUpdate();
    Changed.add(connection, spec.lane().name(), ready ? Phase.READY : Phase.SCHEDULED, 1);
    return Micros.of(now);
  }

  private static @Nullable String digest(Identity identity) {
    return switch (identity) {
      case Identity.Named named -> named.content();
      case Identity.Alike _ -> null;
    };
  }
}
