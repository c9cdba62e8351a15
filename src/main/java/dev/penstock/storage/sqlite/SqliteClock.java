package dev.penstock.storage.sqlite;

import dev.penstock.base.Unavailable;
import dev.penstock.storage.Micros;
import dev.penstock.storage.WallTimes;
import dev.penstock.storage.WallTimes.Change;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time of the tasks in one file. While the program runs it passes steadily, whatever becomes of
 * the machine's wall clock: leases, back-offs and retention go by it. How far the wall clock is
 * from it is kept in the file, so that the next start goes on from there; what was kept is then due
 * when it was to be, or sooner.
 *
 * <p>Time in which the program did not run counts as the wall clock says, but never less than
 * nothing.
 */
final class SqliteClock implements InstantSource {
  private static final Logger LOG = LoggerFactory.getLogger(SqliteClock.class);

  /** A wall clock that is off by less was not set: it is followed at the next start. */
  private static final long NOTICED = Micros.of(Duration.ofSeconds(1));

  /** What one look at both clocks may take: a busy machine may stop between the two. */
  private static final long ONE_LOOK = Duration.ofMillis(50).toNanos();

  private static final int LOOKS = 20;

  /** How often the time is kept, and how much of it a kill may lose. */
  private static final long KEEP_EVERY = Micros.of(Duration.ofSeconds(10));

  private static final long A_WHILE = Micros.of(Duration.ofMinutes(1));

  /** So long after a start nothing expires that expired while the program did not run. */
  private static final long REPRIEVE = Micros.of(Duration.ofMinutes(10));

  private static final String READ = "SELECT since, ahead FROM clock ORDER BY since";
  private static final String SEEN = "SELECT coalesce(max(seen), 0) FROM clock";
  private static final String KEEP =
      "INSERT OR REPLACE INTO clock (since, ahead, seen) VALUES (?, ?, ?)";
  private static final String FORGET =
      "DELETE FROM clock WHERE since NOT IN (SELECT since FROM clock ORDER BY since DESC LIMIT ?)";

  private final SqliteDatabase database;
  private final InstantSource wall;
  private final LongSupplier nanos;
  private final long began;
  private final long beganAt;
  private final long nothingExpiresBefore;
  private volatile WallTimes times;

  /** The newest change; it is written again and again with the time it is then. */
  private Change newest;

  private long kept;

  private SqliteClock(
      SqliteDatabase database,
      InstantSource wall,
      LongSupplier nanos,
      List<Change> known,
      long seen) {
    this.database = database;
    this.wall = wall;
    this.nanos = nanos;
    WallTimes before = WallTimes.of(known);
    Told both = told(wall, nanos);
    long told = both.wall();
    long now = told - before.ahead();
    beganAt = both.nanos();
    nothingExpiresBefore = now - seen > A_WHILE && seen > 0 ? now + REPRIEVE : 0;
    if (now < seen) {
      // It was set back while the program did not run. What was written last may be younger.
      began = seen + KEEP_EVERY + NOTICED;
      newest = new Change(began, told - began);
      times = before.and(newest);
    } else {
      began = now;
      newest = known.isEmpty() ? new Change(0, 0) : known.getLast();
      times = before;
    }
    kept = began - KEEP_EVERY;
  }

  /**
   * @param nanos a clock like {@link System#nanoTime}
   */
  static SqliteClock open(SqliteDatabase database, InstantSource wall, LongSupplier nanos) {
    return database.read(connection ->
        new SqliteClock(
            database,
            wall,
            nanos,
            Columns.all(connection.prepare(READ), row -> new Change(row.number(), row.number())),
            connection.number(SEEN)));
  }

  @Override
  public Instant instant() {
    return Micros.toInstant(micros());
  }

  private long micros() {
    return micros(nanos.getAsLong());
  }

  private long micros(long at) {
    return began + (at - beganAt) / 1_000;
  }

  /** What both clocks told at one moment. */
  private record Told(long wall, long nanos) {}

  private static Told told(InstantSource wall, LongSupplier nanos) {
    for (int look = 1; ; look++) {
      long before = nanos.getAsLong();
      long told = Micros.of(wall.instant());
      if (nanos.getAsLong() - before < ONE_LOOK || look == LOOKS) {
        return new Told(told, before);
      }
    }
  }

  /** What the wall clock says. */
  Instant wall() {
    return wall.instant();
  }

  /** What has expired by this time may go. */
  long expired() {
    long now = micros();
    return now < nothingExpiresBefore ? 0 : now;
  }

  WallTimes times() {
    return times;
  }

  /** Looks whether the wall clock was set, and keeps the time; to be called every second or so. */
  synchronized void look() {
    Told both = told(wall, nanos);
    long now = micros(both.nanos());
    long ahead = both.wall() - now;
    if (Math.abs(ahead - times.ahead()) > NOTICED) {
      Duration by = Micros.toDuration(ahead - times.ahead());
      LOG.warn("the clock was set, or the machine slept: it is {} s on", by.toSeconds());
      newest = new Change(now, ahead);
      times = times.and(newest);
      kept = now - KEEP_EVERY;
    }
    if (now - kept < KEEP_EVERY) {
      return;
    }
    try {
      database.write(Durability.RELAXED, connection -> keep(connection, now));
      kept = now;
    } catch (Unavailable e) {
      LOG.debug("the time is kept later: {}", e.getMessage());
    }
  }

  private int keep(SqliteConnection connection, long now) throws SQLException {
    Columns.bind(connection.prepare(KEEP), newest.since(), newest.ahead(), now).executeUpdate();
    return Columns.bind(connection.prepare(FORGET), WallTimes.MOST).executeUpdate();
  }
}
