package dev.penstock.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.StrictJson;
import dev.penstock.pieces.PieceHub;
import dev.penstock.pieces.PieceNews;
import dev.penstock.pieces.PieceReader;
import dev.penstock.pieces.PieceReader.Rest;
import dev.penstock.pieces.Position;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import dev.penstock.types.generation.AnswerChunks;
import dev.penstock.web.ApiError;
import dev.penstock.web.EventStream;
import dev.penstock.web.EventStream.Event;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import dev.penstock.web.Reply;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells one client of a generation as OpenAI's servers do: chunks as its pieces come, and the end.
 * What a client has been told is never followed by what belongs to another text: pieces that have
 * gone are made good from the whole result, or the stream ends with an error.
 */
final class AnswerStream implements AutoCloseable {
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

  /** Pieces in one write, in bytes. */
  private static final long PORTION = 32 << 10;

  /** So long the end waits for pieces that another node or a worker has sent. */
  private static final Duration LAST_PIECES = Duration.ofSeconds(2);

  private static final String DONE = "[DONE]";

  /** The task that is told of. */
  interface Followed {
    /** Whether it has ended, or no more is known of it. */
    boolean over();

    /** The task once it is over; empty: no more is known of it. */
    Optional<Task> ended() throws InterruptedException;

    /** Why it has no result. */
    ApiError failure(Task task);

    /** The stream ends, and the task does not: its client may come back. */
    default void goesOn() {}

    /** All was told. */
    default void told() {}

    void close();
  }

  private final Exchange exchange;
  private final Submitter submitter;
  private final TaskId id;
  private final Followed followed;
  private final Semaphore bell = new Semaphore(0);
  private final List<Event> waiting = new ArrayList<>();
  private @Nullable PieceReader reader;
  private @Nullable AnswerChunks chunks;
  private boolean joined;

  /** Pieces have gone that this client was not told. */
  private boolean gap;

  /** Why it ends here; null: it does not. */
  private @Nullable ApiError broken;

  /** By when the first piece has to come; 0: it may take as long as the task. */
  private long until;

  AnswerStream(Exchange exchange, Submitter submitter, TaskId id, Followed followed) {
    this.exchange = exchange;
    this.submitter = submitter;
    this.id = id;
    this.followed = followed;
  }

  void ring() {
    bell.release();
  }

  void read(PieceHub hub, Position from, AnswerChunks into) {
    chunks = into;
    joined = !from.equals(Position.START);
    reader = hub.read(id, from, this::ring);
  }

  /** By when the first piece has to come: a {@link System#nanoTime}. */
  void until(long nanoTime) {
    until = nanoTime;
  }

  /** Waits for the first piece, or the task's end. */
  void first(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (!hasFirst() && !followed.over()) {
      take();
      long left = end - System.nanoTime();
      if (left <= 0) {
        return;
      }
      if (!hasFirst()) {
        await(left);
      }
    }
  }

  boolean hasFirst() {
    return !waiting.isEmpty() || broken != null;
  }

  /** The task, where it has ended. */
  Optional<Task> over() throws InterruptedException {
    return followed.over() ? followed.ended() : Optional.empty();
  }

  private boolean await(long nanos) throws InterruptedException {
    boolean rung = bell.tryAcquire(nanos, TimeUnit.NANOSECONDS);
    bell.drainPermits();
    return rung;
  }

  /** Takes what is new; whether there was any. */
  private boolean take() {
    PieceReader pieces = reader;
    AnswerChunks into = chunks;
    if (pieces == null || into == null || gap || broken != null) {
      return false;
    }
    List<PieceNews> news = pieces.take(PORTION);
    for (PieceNews each : news) {
      switch (each) {
        case PieceNews.Restart _ -> {
          if (into.begun() || joined) {
            broken = anew();
            return true;
          }
        }
        case PieceNews.Gap _ -> {
          gap = true;
          return true;
        }
        case PieceNews.Pieces(var run, var from, var some) -> {
          long number = from;
          for (byte[] piece : some) {
            number++;
            String place = new Position(run, number, false).toString();
            into.piece(piece).forEach(chunk -> waiting.add(new Event("", place, chunk)));
          }
        }
      }
    }
    return !news.isEmpty();
  }

  private ApiError anew() {
    return new ApiError(
        500,
        ApiError.SERVER_ERROR,
        null,
        "began_anew",
        "The text had to be begun anew: what came so far is void. GET /v1/tasks/"
            + id
            + "/result has it when it is ready.",
        ApiError.Again.NEVER);
  }

  private ApiError gone() {
    return new ApiError(
        500,
        ApiError.SERVER_ERROR,
        null,
        "gap",
        "A part of the text is no longer there piece by piece. GET /v1/tasks/"
            + id
            + "/result has it when it is ready.",
        ApiError.Again.NEVER);
  }

  /** Tells until the task has ended. */
  void tell(EventStream.Sink sink) throws InterruptedException {
    try {
      boolean some = !waiting.isEmpty();
      if (!send(sink) && !some) {
        sink.keepAlive(); // the head goes with it
      }
      follow(sink);
    } catch (InterruptedException e) {
      if (!exchange.gone().isDone()) {
        followed.goesOn(); // the server stops, and others go on
      }
      throw e;
    }
  }

  private void follow(EventStream.Sink sink) throws InterruptedException {
    while (true) {
      boolean more = take();
      send(sink);
      ApiError error = broken;
      if (error != null || (gap && joined)) {
        end(sink, error == null ? gone() : error);
        return;
      }
      if (more) {
        continue;
      }
      if (followed.over()) {
        finish(sink, followed.ended());
        return;
      }
      long left = left();
      if (left <= 0) {
        end(sink, HeldReplies.notReady(id));
        return;
      }
      if (!await(Math.min(left, KEEP_ALIVE.toNanos()))) {
        sink.keepAlive();
      }
    }
  }

  private long left() {
    AnswerChunks into = chunks;
    boolean begun = until == 0 || (into != null && into.begun());
    return begun ? Long.MAX_VALUE : until - System.nanoTime();
  }

  /** Whether there was anything to send. */
  private boolean send(EventStream.Sink sink) throws InterruptedException {
    if (waiting.isEmpty()) {
      return false;
    }
    sink.events(List.copyOf(waiting));
    waiting.clear();
    return true;
  }

  /** The stream ends here, and the task may go on. */
  private void end(EventStream.Sink sink, ApiError error) throws InterruptedException {
    followed.goesOn();
    tell(sink, error);
  }

  private static void tell(EventStream.Sink sink, ApiError error) throws InterruptedException {
    byte[] json = StrictJson.object(out -> Reply.writeError(out, error));
    sink.event("error", "", new String(json, StandardCharsets.UTF_8));
  }

  private void finish(EventStream.Sink sink, Optional<Task> over) throws InterruptedException {
    if (over.isEmpty()) {
      end(sink, HeldReplies.notReady(id));
      return;
    }
    Task task = over.get();
    AnswerChunks into = chunks;
    if (task.state() != TaskState.COMPLETED || into == null) {
      tell(sink, followed.failure(task));
      return;
    }
    JsonNode result;
    try {
      TaskOutput output = submitter.withResult(exchange, task).output();
      result = StrictJson.mended(output == null ? new byte[] {'{', '}'} : output.bytes());
    } catch (Refusal refusal) {
      tell(sink, refusal.error());
      return;
    }
    List<String> rest = joined ? lastPieces(sink) : into.rest(result);
    if (rest == null) {
      ApiError error = broken;
      tell(sink, error == null ? gone() : error);
      return;
    }
    var events = new ArrayList<Event>();
    rest.forEach(chunk -> events.add(new Event("", "", chunk)));
    into.end(result).forEach(chunk -> events.add(new Event("", "", chunk)));
    events.add(new Event("", "", DONE));
    sink.events(events);
    followed.told();
  }

  /** Null: not all of them can be told to who has the beginning from elsewhere. */
  private @Nullable List<String> lastPieces(EventStream.Sink sink) throws InterruptedException {
    PieceReader pieces = reader;
    long end = System.nanoTime() + LAST_PIECES.toNanos();
    while (pieces != null && !gap && broken == null) {
      if (take()) {
        send(sink);
        continue;
      }
      Rest rest = pieces.rest();
      long left = end - System.nanoTime();
      if (rest == Rest.NONE) {
        return List.of();
      }
      if (rest == Rest.LOST || left <= 0) {
        return null;
      }
      await(left);
    }
    return null;
  }

  @Override
  public void close() {
    if (reader != null) {
      reader.close();
    }
    followed.close();
  }
}
