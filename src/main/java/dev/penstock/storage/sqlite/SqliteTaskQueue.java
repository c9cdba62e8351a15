package dev.penstock.storage.sqlite;

import dev.penstock.storage.Doorbell;
import dev.penstock.storage.Doorbell.Ear;
import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;

/**
 * A view of the store's table: a ready task that is not in flight is a message. The insert that
 * makes a task ready has enqueued it, durably; {@link #enqueue} only wakes who waits. What is in
 * flight is known in memory alone, so a restart delivers it again.
 *
 * <p>An acknowledged task that nobody claimed is still ready, and is delivered again. A task that
 * was claimed, settled and acknowledged while a receiver was looking may reach that receiver once
 * more; its claim says that it is settled.
 */
public final class SqliteTaskQueue implements TaskQueue {
  /** A receiver looks again this often, rung for or not. */
  private static final long LOOK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final SqliteDatabase database;
  private final InFlight inFlight = new InFlight();
  private final LastTurns served = new LastTurns();
  private final ConcurrentMap<Lane, Doorbell> doorbells = new ConcurrentHashMap<>();
  private volatile boolean closed;

  public SqliteTaskQueue(SqliteDatabase database) {
    this.database = database;
  }

  @Override
  public void enqueue(List<TaskSpec> tasks) {
    for (TaskSpec task : tasks) {
      doorbell(task.lane()).ring(task.priority().value());
    }
  }

  @Override
  public List<Delivery> receive(Lane lane, Room room, Duration wait) throws InterruptedException {
    long end = System.nanoTime() + wait.toNanos();
    try (Ear ear = doorbell(lane).listen(room.hears())) {
      while (!closed) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        List<Delivery> taken = take(lane, room);
        long left = end - System.nanoTime();
        if (!taken.isEmpty() || left <= 0) {
          return taken;
        }
        ear.await(room.within(Math.min(left, LOOK_AGAIN_NANOS)));
      }
    }
    return List.of();
  }

  private List<Delivery> take(Lane lane, Room room) {
    ReadyScan take = new ReadyScan(inFlight, served, lane, room);
    boolean answered = false;
    try {
      List<Delivery> taken = database.read(take);
      answered = true;
      return taken;
    } finally {
      if (!answered) {
        take.giveUp();
      }
    }
  }

  @Override
  public void ack(List<Delivery> deliveries) {
    deliveries.forEach(inFlight::drop);
  }

  @Override
  public List<Delivery> release(List<Delivery> deliveries) {
    for (Delivery delivery : deliveries) {
      InFlight.Message message = inFlight.drop(delivery);
      if (message != null) {
        doorbell(delivery.lane()).ring(message.priority());
      }
    }
    return List.of(); // A ready task is a message, in flight before or not.
  }

  @Override
  public Optional<String> trouble() {
    return database.trouble();
  }

  /** Wakes the receivers, who find nothing. */
  @Override
  public void close() {
    closed = true;
    doorbells.values().forEach(Doorbell::ringAll);
  }

  private Doorbell doorbell(Lane lane) {
    return doorbells.computeIfAbsent(lane, name -> new Doorbell());
  }
}
