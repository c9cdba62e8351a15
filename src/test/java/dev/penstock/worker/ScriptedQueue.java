package dev.penstock.worker;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.SettleTasks;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.HeldLease;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The other side of the bus: gives tasks out, keeps account of what it hears, fails when told. */
final class ScriptedQueue {
  private final List<Task> waiting = new ArrayList<>();
  private final List<HeldLease> held = new ArrayList<>();
  private final List<SettleTask> settled = new ArrayList<>();
  private final Set<TaskId> lost = new HashSet<>();
  private final List<List<HeldLease>> extensions = new ArrayList<>();
  private final List<FindChildren> childrenAsked = new ArrayList<>();
  private final Deque<EndedChildren> pages = new ArrayDeque<>();
  private byte @Nullable [] left;
  private boolean childrenAway;
  private int settlesToRefuse;
  private int settlesRefused;
  private boolean extending = true;
  private int extensionsRefused;
  private boolean patient;
  private boolean ended;
  private int asking;

  ScriptedQueue(Bus bus) {
    bus.serve(LeaseTasks.class, this::lease);
    bus.serve(ExtendLeases.class, this::extend);
    bus.serve(SettleTasks.class, this::settle);
    bus.serve(FindChildren.class, this::children);
  }

  synchronized void add(Task task) {
    waiting.add(task);
    waiting.sort(Comparator.comparing((Task each) -> each.spec().priority()).reversed());
    notifyAll();
  }

  /** From now on who asks for work waits until there is some. */
  synchronized void letWait() {
    patient = true;
  }

  /** From now on nobody who asks for work waits for it. */
  synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Requests that wait for work now. */
  synchronized int asking() {
    return asking;
  }

  /** From now on the task is somebody else's. */
  synchronized void lose(TaskId id) {
    lost.add(id);
  }

  synchronized void refuseSettles(int times) {
    settlesToRefuse = times;
  }

  synchronized void stopExtending() {
    extending = false;
  }

  synchronized void goOnExtending() {
    extending = true;
  }

  /** So many extensions were refused. */
  synchronized int extensionsRefused() {
    return extensionsRefused;
  }

  synchronized List<Task> waiting() {
    return List.copyOf(waiting);
  }

  synchronized List<HeldLease> held() {
    return List.copyOf(held);
  }

  synchronized List<SettleTask> settled() {
    return List.copyOf(settled);
  }

  synchronized int settlesRefused() {
    return settlesRefused;
  }

  /** What each extension said, one after the other. */
  synchronized List<List<HeldLease>> extensions() {
    return List.copyOf(extensions);
  }

  /** What runs that begin from now on go on from. */
  synchronized void left(byte[] checkpoint) {
    left = checkpoint;
  }

  /** What is told of children next. */
  synchronized void page(EndedChildren page) {
    pages.add(page);
  }

  /** Who asks for children is not answered the next time. */
  synchronized void refuseChildren() {
    childrenAway = true;
  }

  synchronized List<FindChildren> childrenAsked() {
    return List.copyOf(childrenAsked);
  }

  private synchronized EndedChildren children(FindChildren request) {
    if (childrenAway) {
      childrenAway = false;
      throw away();
    }
    childrenAsked.add(request);
    return pages.isEmpty() ? EndedChildren.NONE : pages.remove();
  }

  private synchronized Leased lease(LeaseTasks request) {
    long until = System.nanoTime() + request.patience().toNanos();
    while (true) {
      boolean apart = request.suspects() == Suspects.APART;
      boolean suspect = waiting.stream().anyMatch(task -> task.lost() > 0);
      boolean shown = suspect && request.suspects() == Suspects.SHOW;
      List<Task> given =
          waiting.stream()
              .filter(task -> apart == task.lost() > 0)
              .filter(task -> task.spec().priority().compareTo(request.least()) >= 0)
              .limit(request.tasks())
              .toList();
      long left = (until - System.nanoTime()) / 1_000_000;
      if (!given.isEmpty() || shown || ended || (left <= 0 && !patient)) {
        waiting.removeAll(given);
        return new Leased(given.stream().map(this::leased).toList(), shown);
      }
      asking++;
      try {
        wait(Math.max(1, left));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      } finally {
        asking--;
      }
    }
  }

  private LeasedTask leased(Task task) {
    return new LeasedTask(
        task,
        new Lease(task.id(), Lease.newToken(), Instant.MAX),
        1,
        left,
        task.lost() > 0 ? LeasedTask.SUSPECT : 0);
  }

  private synchronized Set<TaskId> extend(ExtendLeases request) {
    if (!extending) {
      extensionsRefused++;
      throw away();
    }
    held.addAll(request.held());
    extensions.add(request.held());
    return Set.copyOf(lost);
  }

  private synchronized List<SettleReply> settle(SettleTasks request) {
    if (settlesToRefuse > 0) {
      settlesToRefuse--;
      settlesRefused++;
      throw away();
    }
    settled.addAll(request.ended());
    return request.ended().stream().map(_ -> SettleReply.SETTLED).toList();
  }

  private static Unavailable away() {
    return Unavailable.refused("away", new IllegalStateException());
  }
}
