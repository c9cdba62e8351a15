package dev.penstock.api;

import dev.penstock.api.OwnTasks.Whole;
import dev.penstock.api.Watches.Watch;
import dev.penstock.json.StrictJson;
import dev.penstock.json.StrictJson.Writer;
import dev.penstock.pieces.PieceHub;
import dev.penstock.pieces.PieceNews;
import dev.penstock.pieces.PieceReader;
import dev.penstock.pieces.PieceReader.Rest;
import dev.penstock.pieces.Position;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import dev.penstock.web.EventStream;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one client of a task: its statuses, its progress and the pieces of its result. A client
 * that is slow holds up nothing but itself: it is told the newest status, and of pieces that have
 * gone meanwhile that there is a gap.
 */
final class EventFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventFollower.class);
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

  /** Pieces in one write, in bytes. */
  private static final long PORTION = 32 << 10;

  /** So long the end waits for pieces that another node or a worker has sent. */
  private static final Duration LAST_PIECES = Duration.ofSeconds(2);

  /**
   * The same where there is no result that has to be whole, or nothing is missing to the client.
   */
  private static final Duration FEW_PIECES = Duration.ofMillis(300);

  /** Nodes keep pieces for so long. */
  private static final Duration KEPT = Duration.ofMinutes(1);

  /** A result that is longer is for the client to fetch: it would take a slow one too long. */
  private static final int MAX_RESULT = 1 << 20;

  /** Of a result that becomes an event: as JSON, as text, in lines, and on its way. */
  private static final int COPIES = 6;

  private final Exchange exchange;
  private final OwnTasks own;
  private final EventStream.Sink sink;
  private final Task first;
  private final boolean joined;
  private final Semaphore bell = new Semaphore(0);
  private @Nullable String told;
  private Position position;
  private @Nullable Progress progress;
  private @Nullable Watch watch;
  private @Nullable PieceReader reader;

  /**
   * @param first the task as it was just read
   */
  EventFollower(Exchange exchange, OwnTasks own, EventStream.Sink sink, Task first, EventId seen) {
    this.exchange = exchange;
    this.own = own;
    this.sink = sink;
    this.first = first;
    told = seen.status();
    position = seen.position();
    joined = !first.state().ended() || seen.status() != null;
  }

  /**
   * Tells until the task has ended or is no more.
   *
   * @param pieces null: there are none
   */
  void follow(Watches watches, @Nullable PieceHub pieces) throws InterruptedException {
    Watch watching = watches.watch(first, bell::release);
    watch = watching;
    if (pieces != null) {
      reader = pieces.read(first.id(), position, bell::release);
    }
    if (EventId.status(first).equals(told)) {
      sink.keepAlive(); // what it is told next may be long in coming, and its head goes with this
    }
    Optional<Task> now = Optional.of(first);
    while (now.isPresent()) {
      Task task = now.get();
      if (task.state().ended()) {
        finish(task);
        return;
      }
      tell(task);
      now = next(watching);
    }
  }

  private void tell(Task task) throws InterruptedException {
    String status = EventId.status(task);
    if (!status.equals(told)) {
      told = status;
      sink.event("status", id(), text(json -> TaskJson.writeBrief(json, task)));
    } else if (task.progress() != null && !task.progress().equals(progress)) {
      Progress newest = task.progress();
      sink.event("progress", "", text(json -> TaskJson.writeProgress(json, newest)));
    }
    progress = task.progress();
  }

  private String id() {
    return id(position);
  }

  private String id(Position at) {
    return new EventId(told, at).toString();
  }

  /** Tells pieces until the task is news. */
  private Optional<Task> next(Watch watching) throws InterruptedException {
    while (true) {
      boolean more = tellPieces();
      if (watching.news()) {
        return watching.newest();
      }
      if (!more && !await(KEEP_ALIVE)) {
        sink.keepAlive();
      }
    }
  }

  /** Waits for the bell. */
  private boolean await(Duration limit) throws InterruptedException {
    boolean rung = bell.tryAcquire(limit.toNanos(), TimeUnit.NANOSECONDS);
    bell.drainPermits();
    return rung;
  }

  /** Whether there were any. */
  private boolean tellPieces() throws InterruptedException {
    if (reader == null) {
      return false;
    }
    List<PieceNews> news = reader.take(PORTION);
    position = reader.position();
    if (news.isEmpty()) {
      return false;
    }
    List<EventStream.Event> events = new ArrayList<>();
    for (PieceNews each : news) {
      switch (each) {
        case PieceNews.Restart(var run) ->
            events.add(
                new EventStream.Event(
                    "restart", id(new Position(run, 0, false)), "{\"run\":" + run + "}"));
        case PieceNews.Gap(var run, var from, var to) ->
            events.add(gap(new Position(run, to, true), from, to));
        case PieceNews.Pieces(var run, var from, var pieces) -> {
          long number = from;
          for (byte[] piece : pieces) {
            number++;
            String id = id(new Position(run, number, position.gap()));
            String data = new String(piece, StandardCharsets.UTF_8);
            events.add(new EventStream.Event("piece", id, data));
          }
        }
      }
    }
    sink.events(events);
    return true;
  }

  private EventStream.Event gap(Position behind, long from, @Nullable Long to) {
    String data =
        to == null
            ? "{\"from\":%d}".formatted(from)
            : "{\"from\":%d,\"to\":%d}".formatted(from, to);
    return new EventStream.Event("gap", id(behind), data);
  }

  /**
   * Tells what is left of the pieces, the whole result where some are missing, and how the task
   * ended.
   */
  private void finish(Task task) throws InterruptedException {
    if (reader != null) {
      boolean whole = lastPieces(task, reader);
      if (task.state() == TaskState.COMPLETED && !whole) {
        long from = position.next();
        position = new Position(position.run(), from, true);
        sink.events(List.of(gap(position, from, null)));
      }
      if (position.gap()) {
        tellResult(task);
      }
    }
    tell(task);
  }

  /** Tells the last pieces; false: not all can be told, or nobody knows whether these are all. */
  private boolean lastPieces(Task task, PieceReader pieces) throws InterruptedException {
    boolean completed = task.state() == TaskState.COMPLETED;
    Duration patience = completed && joined ? LAST_PIECES : FEW_PIECES;
    boolean kept = (!first.state().ended() || recently(task)) && pieces.mayCome();
    long until = System.nanoTime() + (kept ? patience.toNanos() : 0);
    while (true) {
      if (tellPieces()) {
        continue;
      }
      Rest rest = pieces.rest();
      if (completed ? rest == Rest.NONE || rest == Rest.LOST : pieces.ended()) {
        return rest == Rest.NONE;
      }
      long left = until - System.nanoTime();
      if (left <= 0) {
        // Who comes after the end, and finds no pieces, has missed nothing that it was promised.
        return !joined && position.equals(Position.START);
      }
      await(Duration.ofNanos(left));
    }
  }

  private static boolean recently(Task task) {
    Instant finished = task.finishedAt();
    return finished != null && finished.isAfter(Instant.now().minus(KEPT));
  }

  /** Where there is no room for it now, it is for the client to fetch too. */
  private void tellResult(Task task) throws InterruptedException {
    try {
      Optional<Whole> found = own.whole(exchange, task.id(), MAX_RESULT);
      TaskOutput output = found.map(whole -> whole.task().output()).orElse(null);
      if (output != null) {
        long held = (long) COPIES * output.bytes().length;
        exchange.hold(held);
        Whole whole = found.orElseThrow();
        sink.event(
            "result",
            "",
            text(json -> TaskJson.writeResult(json, whole.task(), output, whole.form())));
        exchange.letGo(held);
      }
    } catch (Refusal refusal) {
      LOG.debug("task {}: its result is not told: {}", task.id(), refusal.getMessage());
    }
  }

  private static String text(Writer writer) {
    return new String(StrictJson.write(writer), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    if (watch != null) {
      watch.close();
    }
    if (reader != null) {
      reader.close();
    }
  }
}
