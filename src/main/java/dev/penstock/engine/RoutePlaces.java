package dev.penstock.engine;

import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** The line before a model's backends: says which of them takes a request, and when. */
final class RoutePlaces {
  /** A backend may be tried again without anybody saying so. */
  private static final long LOOK_AGAIN = TimeUnit.SECONDS.toNanos(1);

  private final Collection<List<RouteMember>> orders;
  private final LongSupplier nanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final TreeSet<Waiting> line = new TreeSet<>(Waiting.ORDER);
  private long number;
  private boolean closed;

  /**
   * A request that waits for a place.
   *
   * @param tried do not get it
   */
  private record Waiting(Priority priority, long number, Set<RouteMember> tried) {
    static final Comparator<Waiting> ORDER =
        Comparator.comparing(Waiting::priority).reversed().thenComparingLong(Waiting::number);
  }

  /**
   * @param nanos a clock like {@link System#nanoTime}
   */
  RoutePlaces(List<RouteMember> members, LongSupplier nanos) {
    var byOrder = new TreeMap<Integer, List<RouteMember>>();
    members.forEach(member ->
        byOrder.computeIfAbsent(member.route.order(), _ -> new ArrayList<>()).add(member));
    this.orders = byOrder.values();
    this.nanos = nanos;
  }

  /**
   * A backend, and a place there, once one is free. The urgent first. Empty: none is left to ask.
   *
   * @param asked whether any of those tried was asked
   * @throws BackendTrouble nobody is to be asked now
   */
  Optional<RouteMember> take(Priority priority, Set<RouteMember> tried, boolean asked)
      throws InterruptedException, BackendTrouble, EngineStopped {
    lock.lockInterruptibly();
    try {
      var me = new Waiting(priority, number++, tried);
      line.add(me);
      try {
        while (true) {
          if (closed) {
            throw new EngineStopped();
          }
          List<RouteMember> usable = usable(tried);
          if (usable.isEmpty()) {
            requirePatience(tried, asked);
            return Optional.empty();
          }
          List<RouteMember> free =
              usable.stream()
                  .filter(member -> member.free(priority) && !claimed(member, me))
                  .toList();
          if (!free.isEmpty()) {
            return Optional.of(next(free));
          }
          var _ = changed.awaitNanos(LOOK_AGAIN);
        }
      } finally {
        line.remove(me);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Gives a place back. */
  void give(RouteMember member, Consumer<RouteMember> how) {
    lock.lock();
    try {
      member.running--;
      how.accept(member);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void failed(RouteMember member, BackendTrouble trouble) {
    give(member, one -> one.failed(trouble, nanos.getAsLong()));
  }

  int waiting() {
    lock.lock();
    try {
      return line.size();
    } finally {
      lock.unlock();
    }
  }

  List<EngineStatus.Member> status() {
    lock.lock();
    try {
      long now = nanos.getAsLong();
      return orders.stream().flatMap(List::stream).map(member -> member.status(now)).toList();
    } finally {
      lock.unlock();
    }
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Those of the least order that has any. One that wants to be left alone is waited for: its work
   * is for nobody of a later order.
   */
  private List<RouteMember> usable(Set<RouteMember> tried) {
    long now = nanos.getAsLong();
    for (List<RouteMember> order : orders) {
      List<RouteMember> left = order.stream().filter(member -> !tried.contains(member)).toList();
      List<RouteMember> usable = left.stream().filter(member -> member.usable(now)).toList();
      if (!usable.isEmpty()) {
        return usable;
      }
      if (left.stream().anyMatch(member -> !member.isOut())) {
        return List.of();
      }
    }
    return List.of();
  }

  /** There is somebody left who only wants to be left alone for a while. */
  private void requirePatience(Set<RouteMember> tried, boolean asked) throws BackendTrouble {
    long now = nanos.getAsLong();
    List<RouteMember> left =
        orders.stream().flatMap(List::stream).filter(member -> !tried.contains(member)).toList();
    boolean alone = left.stream().anyMatch(member -> member.aloneNanos(now) > 0);
    if (alone || (!asked && !left.isEmpty())) {
      long soonest =
          left.stream()
              .mapToLong(member -> Math.max(member.aloneNanos(now), member.outNanos(now)))
              .min()
              .orElse(0);
      String reason =
          alone ? "its backend asks for a pause" : "no backend of it can be reached for now";
      throw BackendTrouble.busy(reason, Duration.ofNanos(Math.max(LOOK_AGAIN, soonest)));
    }
  }

  /** Whether one before me in the line takes it. */
  private boolean claimed(RouteMember member, Waiting me) {
    return line.headSet(me).stream()
        .anyMatch(other -> member.free(other.priority) && usable(other.tried).contains(member));
  }

  /** By weight, in turns that are the same each time. */
  private static RouteMember next(List<RouteMember> free) {
    int total = free.stream().mapToInt(member -> member.route.weight()).sum();
    RouteMember taken =
        free.stream()
            .max(Comparator.comparingLong(member -> member.due() + member.route.weight()))
            .orElseThrow();
    free.forEach(member -> member.shared(total, member == taken));
    taken.begin();
    return taken;
  }
}
