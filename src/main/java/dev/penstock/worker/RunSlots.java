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
 * The runs a lane has in hand, and how many more it takes. A few places are kept apart for work
 * more urgent than all that is in hand, so that a hand full of bulk work does not hold up a request
 * somebody waits for.
 */
final class RunSlots {
  /** As many requests as a server holds by default. */
  private static final int MOST_DIRECT = 1_024;

  private final int places;
  private final int urgentPlaces;
  private final long bytes;

  /** By lease token: a cancelled run may still be ending when its task is leased again. */
  private final Map<String, Run> runs = new HashMap<>();

  /** Runs that nobody leased. They take no places: the model's own queue decides between all. */
  private final Set<Run> direct = new HashSet<>();

  private int reserved;
  private int urgentReserved;

  /**
   * @param places runs at a time
   * @param urgentPlaces further runs of more urgent tasks
   * @param bytes input the ordinary runs may have in all
   */
  RunSlots(int places, int urgentPlaces, long bytes) {
    this.places = places;
    this.urgentPlaces = urgentPlaces;
    this.bytes = bytes;
  }

  /**
   * What a lane may lease now.
   *
   * @param urgent whether the tasks go to the places kept for urgent ones
   */
  record Offer(int tasks, long bytes, Priority least, boolean urgent) {
    static final Offer NONE = new Offer(0, 0, Priority.LOWEST, false);
  }

  /** Reserves every free place; {@link Offer#NONE} when none came free in time. */
  synchronized Offer reserve(Duration wait) throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    while (freePlaces() <= 0) {
      if (!await(until)) {
        return Offer.NONE;
      }
    }
    int free = freePlaces();
    reserved += free;
    return new Offer(free, Math.max(1, bytes - bytesInHand()), Priority.LOWEST, false);
  }

  /** Once the places are all taken, reserves those for work more urgent than anything in hand. */
  synchronized Offer reserveUrgent(Duration wait) throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    while (runs.size() < places || freeUrgentPlaces() <= 0 || highest() == Priority.MAX) {
      if (!await(until)) {
        return Offer.NONE;
      }
    }
    int free = freeUrgentPlaces();
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

  /**
   * Takes a run that was not leased; false where it would pass tasks that wait for a place. While
   * every place is taken some may, and only what is more urgent than all in hand may pass them.
   */
  synchronized boolean takeDirect(Run run) {
    boolean passes = runs.size() >= places && run.priority() <= highest();
    return !passes && takeAside(run);
  }

  /** Takes a run that was not leased and passes nobody; false where there are too many. */
  synchronized boolean takeAside(Run run) {
    return direct.size() < MOST_DIRECT && direct.add(run);
  }

  synchronized void drop(Run run) {
    runs.remove(run.token(), run);
    direct.remove(run);
    notifyAll();
  }

  /** Those that were leased. */
  synchronized Collection<Run> runs() {
    return List.copyOf(runs.values());
  }

  synchronized List<Run> all() {
    return Stream.concat(runs.values().stream(), direct.stream()).toList();
  }

  synchronized int size() {
    return runs.size() + direct.size();
  }

  /** False when there are still runs in hand at the end of the wait. */
  synchronized boolean awaitEmpty(Duration wait) throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    while (size() > 0) {
      if (!await(until)) {
        return false;
      }
    }
    return true;
  }

  private int freePlaces() {
    return places - runs.size() - reserved;
  }

  private int freeUrgentPlaces() {
    return urgentPlaces - urgentReserved - Math.max(0, runs.size() - places);
  }

  private long bytesInHand() {
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
