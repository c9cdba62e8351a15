package dev.penstock.worker;

import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The runs a lane has in flight, and how many more it takes. A few slots are kept apart for work
 * more urgent than all that is in flight, so that slots full of bulk work do not hold up a request
 * somebody waits for.
 */
final class RunSlots {
  /** How many direct runs there may be: as many as a server holds requests by default. */
  private static final int MOST_DIRECT = 1_024;

  private final int slots;
  private final int urgentSlots;
  private final long bytes;

  /** Leased runs by token: a cancelled one may still be ending when its task is leased again. */
  private final Map<String, Run> runs = new HashMap<>();

  /** Runs that nobody leased. They take no slots: the model's own queue decides between all. */
  private final Set<Run> direct = new HashSet<>();

  /** Runs in another process, by token. They take no slots here: that process has its own. */
  private final Map<String, Run> apart = new HashMap<>();

  private int reserved;
  private int urgentReserved;

  /**
   * @param slots runs at a time
   * @param urgentSlots further runs of more urgent tasks
   * @param bytes input the ordinary runs may have in all
   */
  RunSlots(int slots, int urgentSlots, long bytes) {
    this.slots = slots;
    this.urgentSlots = urgentSlots;
    this.bytes = bytes;
  }

  /**
   * What a lane may lease now.
   *
   * @param urgent whether the tasks go to the slots kept for urgent ones
   */
  record Offer(int tasks, long bytes, Priority least, boolean urgent) {
    static final Offer NONE = new Offer(0, 0, Priority.LOWEST, false);
  }

  /** Reserves every free slot; {@link Offer#NONE} when none came free in time. */
  synchronized Offer reserve(Duration wait) throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    while (freeSlots() <= 0) {
      if (!await(until)) {
        return Offer.NONE;
      }
    }
    int free = freeSlots();
    reserved += free;
    return new Offer(free, Math.max(1, bytes - bytesInFlight()), Priority.LOWEST, false);
  }

  /** Once the slots are all taken, reserves those for work more urgent than all in flight. */
  synchronized Offer reserveUrgent(Duration wait) throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    while (runs.size() < slots || freeUrgentSlots() <= 0 || highest() == Priority.MAX) {
      if (!await(until)) {
        return Offer.NONE;
      }
    }
    int free = freeUrgentSlots();
    urgentReserved += free;
    return new Offer(free, bytes, new Priority(highest() + 1), true);
  }

  /** Turns a reservation into runs; what was not used is free again. */
  synchronized void take(Offer offer, List<Run> taken) {
    if (offer.urgent()) {
      urgentReserved -= offer.tasks();
    } else {
      reserved -= offer.tasks();
    }
    taken.forEach(run -> runs.put(run.token(), run));
    notifyAll();
  }

  /** Takes runs in another process. */
  synchronized void takeApart(List<Run> taken) {
    taken.forEach(run -> apart.put(run.token(), run));
  }

  /**
   * Takes a run that was not leased; false where it would pass tasks that wait for a slot. While
   * every slot is taken some may, and only what is more urgent than all in flight may pass them.
   */
  synchronized boolean takeDirect(Run run) {
    boolean passes = runs.size() >= slots && run.priority() <= highest();
    return !passes && takeAside(run);
  }

  /** Takes a run that was not leased and passes nobody; false where there are too many. */
  synchronized boolean takeAside(Run run) {
    return direct.size() < MOST_DIRECT && direct.add(run);
  }

  synchronized void drop(Run run) {
    runs.remove(run.token(), run);
    apart.remove(run.token(), run);
    direct.remove(run);
    notifyAll();
  }

  /** The runs in flight that were leased. */
  synchronized Collection<Run> runs() {
    return leased().toList();
  }

  private Stream<Run> leased() {
    return Stream.concat(runs.values().stream(), apart.values().stream());
  }

  synchronized List<Run> all() {
    return Stream.concat(leased(), direct.stream()).toList();
  }

  synchronized int size() {
    return runs.size() + apart.size() + direct.size();
  }

  /** Waits until no run is in flight; false when some still are at the end of the wait. */
  synchronized boolean awaitEmpty(Duration wait) throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    while (size() > 0) {
      if (!await(until)) {
        return false;
      }
    }
    return true;
  }

  private int freeSlots() {
    return slots - runs.size() - reserved;
  }

  private int freeUrgentSlots() {
    return urgentSlots - urgentReserved - Math.max(0, runs.size() - slots);
  }

  private long bytesInFlight() {
    return runs.values().stream().mapToLong(run -> run.task().spec().input().length).sum();
  }

  private int highest() {
    return runs.values().stream().mapToInt(Run::priority).max().orElse(Priority.MIN);
  }

  @SuppressWarnings("WaitNotInLoop") // its callers look, and wait again
  private boolean await(long until) throws InterruptedException {
    long left = until - System.nanoTime();
    if (left <= 0) {
      return false;
    }
    wait(Math.max(1, left / 1_000_000));
    return true;
  }
}
