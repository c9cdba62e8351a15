package dev.penstock.storage.redis;

import dev.penstock.storage.Micros;
import dev.penstock.storage.WallTimes;
import dev.penstock.storage.WallTimes.Change;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time of the tasks in Redis, the same for all nodes: Redis's own, less what its clock was set
 * forward since the tasks began, so that it passes steadily. How much that is, Redis keeps.
 *
 * <p>Each node expects what time it must be, by what has passed here since it was told. Scripts are
 * told that too, and go by it where Redis's clock says something else: so nothing is missed between
 * a change and when it is noticed. The node that does the chores then has the change kept. Another
 * one waits for that; where it does not come, it is this node that has slept.
 */
final class RedisClock {
  private static final Logger LOG = LoggerFactory.getLogger(RedisClock.class);

  /** Less counts as passing slower or quicker. */
  private static final long OFF = Micros.of(Duration.ofSeconds(5));

  /**
   * The same for scripts, as in {@code common.lua}: longer than they may have been on their way,
   * and shorter than what a lease that is held always has left, its margin included.
   */
  private static final long OFF_FOR_SCRIPTS = Micros.of(Duration.ofSeconds(15));

  /** An answer that takes longer tells too little of when it was given. */
  private static final long SLOW = Duration.ofSeconds(2).toNanos();

  /**
   * More than anybody has the chores for: where they are somebody's for longer, Redis's clock was
   * set back while no node ran.
   */
  private static final long LONGEST_CHORES = Micros.of(Duration.ofMinutes(1));

  /** So long another node may take to notice. */
  private static final long PATIENCE = Duration.ofSeconds(3).toNanos();

  private final Function<List<Object>, Response> script;
  private final @Nullable InstantSource given;
  private final InstantSource wall;
  private final LongSupplier nanos;
  private volatile @Nullable Reading reading;

  /** The change for which scheduled tasks were dated anew by this node; "": none. */
  private volatile String redated = "";

  /** Since when Redis says something else than is expected, in nanoseconds; null: it does not. */
  private volatile @Nullable Long doubtful;

  /**
   * What was told.
   *
   * @param now the store's time then, as expected
   * @param at the same moment here, in nanoseconds
   * @param server what Redis's clock said
   * @param newest the newest change as it is kept; "": there is none
   */
  private record Reading(long now, long at, long server, WallTimes times, String newest) {
    private long now(long nanos) {
      return now + TimeUnit.NANOSECONDS.toMicros(nanos - at);
    }

    /** How far off what Redis says is. */
    private long off() {
      return server - times.ahead() - now;
    }
  }

  /**
   * @param script runs {@link RedisScript#CLOCK} with all its arguments
   * @param given what time it is in Redis, and here; null: what their clocks say
   * @param nanos a clock like {@link System#nanoTime}
   */
  RedisClock(
      Function<List<Object>, Response> script, @Nullable InstantSource given, LongSupplier nanos) {
    this.script = script;
    this.given = given;
    this.wall = given == null ? InstantSource.system() : given;
    this.nanos = nanos;
  }

  /** How scripts are told the time. Asks Redis the first time. */
  Object told() {
    Reading known = known();
    long now = known.now(nanos.getAsLong());
    if (given == null) {
      return now + ":" + known.times.ahead();
    }
    long there = Micros.of(given.instant()) - known.times.ahead();
    return Math.abs(there - now) < OFF_FOR_SCRIPTS ? there : now;
  }

  /** A number for what is inserted now, of about now, by which it stands in lists. */
  long place() {
    // A clock that is given may stand still; its times would not be told from places.
    return given == null
        ? known().now(nanos.getAsLong())
        : TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis());
  }

  WallTimes times() {
    return known().times;
  }

  /**
   * When a task is due by the store's time.
   *
   * @param runAt by this machine's wall clock, in microseconds
   * @param delayed whether it is a delay: then Redis's clock does not matter
   */
  long due(long runAt, boolean delayed) {
    Reading known = known();
    long now = known.now(nanos.getAsLong());
    long here = Micros.of(wall.instant());
    boolean agree = Math.abs(here - known.times.ahead() - now) < OFF;
    return agree && !delayed ? runAt - known.times.ahead() : now + runAt - here;
  }

  private Reading known() {
    Reading known = reading;
    return known == null ? read(List.of()) : known;
  }

  private Reading read(List<Object> more) {
    long before = nanos.getAsLong();
    List<Object> arguments = new ArrayList<>();
    arguments.add(given == null ? "" : Micros.of(given.instant()));
    arguments.addAll(more);
    Response answer = script.apply(arguments);
    long took = nanos.getAsLong() - before;
    Reading known = reading;
    if (known != null && took > SLOW) {
      return known;
    }
    long at = before + took / 2;
    long server = Long.parseLong(answer.get(0).toString());
    List<Change> changes = new ArrayList<>();
    String newest = "";
    for (Response change : answer.get(2)) {
      newest = change.toString();
      int colon = newest.indexOf(':');
      changes.add(
          new Change(
              Long.parseLong(newest.substring(0, colon)),
              Long.parseLong(newest.substring(colon + 1))));
    }
    WallTimes times = WallTimes.of(changes);
    Response until = answer.get(1);
    return keep(server, at, until == null ? 0 : Long.parseLong(until.toString()), times, newest);
  }

  private synchronized Reading keep(
      long server, long at, long until, WallTimes times, String newest) {
    Reading known = reading;
    long there = server - times.ahead();
    long expected = known != null ? known.now(at) : until - there > LONGEST_CHORES ? until : there;
    boolean off = Math.abs(there - expected) >= OFF;
    Reading read = new Reading(off ? expected : there, at, server, times, newest);
    if (!off) {
      doubtful = null;
    } else if (doubtful == null) {
      doubtful = at;
    }
    reading = read;
    return read;
  }

  /** Looks what Redis's clock says; to be called every second or so. */
  void look() {
    read(List.of());
  }

  /**
   * Does what follows from the last look.
   *
   * @param chores whether this node does the chores
   * @param redate has tasks that wait for a time of the wall clock dated anew
   */
  void follow(boolean chores, Runnable redate) {
    Reading known = known();
    Long since = doubtful;
    if (since != null && chores) {
      long ahead = known.server - known.now;
      LOG.warn(
          "Redis's clock was set, or this machine slept: it is {} s on",
          Micros.toDuration(ahead - known.times.ahead()).toSeconds());
      known = read(List.of(known.newest, known.now + ":" + ahead));
    } else if (since != null && nanos.getAsLong() - since > PATIENCE) {
      LOG.warn("this machine slept: by Redis's clock it is {} s on", known.off() / 1_000_000);
      known = believe(known);
    }
    if (chores && !known.newest.equals(redated)) {
      redate.run();
      redated = known.newest;
    }
  }

  private synchronized Reading believe(Reading told) {
    var believed =
        new Reading(told.now + told.off(), told.at, told.server, told.times, told.newest);
    doubtful = null;
    reading = believed;
    return believed;
  }
}
