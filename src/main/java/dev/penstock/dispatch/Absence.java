package dev.penstock.dispatch;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that the store was away, or this node asleep, for so long that leases have lapsed which
 * nobody could extend. Those count as held from the return on: none is taken back before whoever
 * holds one has had the time to say so. Safe to use from any thread.
 */
final class Absence {
  private static final Logger LOG = LoggerFactory.getLogger(Absence.class);

  /** It is asked every second: with short leases, less is only a busy machine. */
  private static final Duration LATE = Duration.ofSeconds(3);

  private final long lease;
  private final long longest;
  private final LongSupplier nanos;
  private long answered;
  private long standUntil;

  /** Since when extensions fail; null: they do not. */
  private @Nullable Long failing;

  /** When an extension failed last. */
  private long failed;

  /** When it was last back from having been away, be it for a moment; null: it was not away. */
  private @Nullable Long back;

  /**
   * @param lease how long a lease lasts
   * @param extendEvery how long one that is held may not have been extended when the store goes
   * @param nanos a clock like {@link System#nanoTime}
   */
  Absence(Duration lease, Duration extendEvery, LongSupplier nanos) {
    this.lease = lease.toNanos();
    this.longest = lease.minus(extendEvery).toNanos();
    this.nanos = nanos;
    answered = nanos.getAsLong();
    standUntil = answered;
  }

  /** The store has answered; it is asked every second. */
  synchronized void answered() {
    long now = nanos.getAsLong();
    returned(now, now - answered, late());
    if (now - answered > LATE.toNanos()) {
      back = now;
    }
    answered = now;
  }

  /** Leases were extended. */
  synchronized void extended() {
    if (failing != null) {
      long now = nanos.getAsLong();
      returned(now, now - failing, longest);
      failing = null;
      back = now;
    }
  }

  /** Leases could not be extended: the store is away. */
  synchronized void notExtended() {
    failed = nanos.getAsLong();
    if (failing == null) {
      failing = failed;
    }
  }

  /** Nobody may be left who extends a lease here, and so says that it can be done again. */
  private void forgetFailing(long now) {
    if (failing != null && now - failed > 2 * lease) {
      failing = null;
      back = failed;
    }
  }

  /** Whether the store has answered all that time. Else leases lapse that nobody could extend. */
  synchronized boolean answeredFor(Duration time) {
    long now = nanos.getAsLong();
    forgetFailing(now);
    return failing == null
        && now - answered <= LATE.toNanos()
        && (back == null || now - back > time.toNanos());
  }

  private long late() {
    return Math.max(longest, LATE.toNanos());
  }

  private void returned(long now, long after, long most) {
    if (after > most) {
      standUntil = now + lease;
      LOG.warn(
          "the store was away for {} s: leases are left alone for the next {} s",
          Duration.ofNanos(after).toSeconds(),
          Duration.ofNanos(lease).toSeconds());
    }
  }

  /** Whether a lease that has lapsed may be held all the same. */
  synchronized boolean leasesStand() {
    long now = nanos.getAsLong();
    forgetFailing(now);
    return standUntil - now > 0
        || now - answered > late()
        || (failing != null && now - failing > longest);
  }
}
