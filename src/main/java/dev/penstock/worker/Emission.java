package dev.penstock.worker;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.core.LeasedTask;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one run emits, numbered and passed on. Nothing in it fails because nobody takes pieces: they
 * are for who listens, and the result has them all.
 */
final class Emission {
  private static final Logger LOG = LoggerFactory.getLogger(Emission.class);

  /** So long other nodes may take to say what their listeners have. */
  private static final Duration PATIENCE = Duration.ofMillis(250);

  /** Far away, it takes the way to the server and back besides. */
  private static final Duration ANSWER = Duration.ofSeconds(5);

  private static final long NONE = -1;

  private final Bus bus;
  private final Emitter emitter;
  private long next = NONE;
  private boolean resumed;
  private boolean begun;
  private boolean over;

  /** Whether it was said that this run brings the result. */
  private boolean brought;

  /** What listeners have from {@link #heardFrom} on, until it is known whether it is taken over. */
  private List<byte[]> heard = List.of();

  private long heardFrom;

  Emission(Bus bus, LeasedTask leased) {
    this.bus = bus;
    emitter = new Emitter(leased.task().id(), leased.lease().token(), leased.run());
  }

  /**
   * Passes a piece on.
   *
   * @throws IllegalArgumentException when it is none
   */
  void emit(@Nullable Object piece) {
    byte[] json = json(piece);
    synchronized (this) {
      if (over) {
        return; // a thread that its handler has left behind
      }
      begun = true;
      heard = List.of();
      next = Math.max(0, next);
      put(next, List.of(json));
      next++;
    }
  }

  private static byte[] json(@Nullable Object piece) {
    TaskOutput output = piece instanceof TaskOutput written ? written : TaskOutput.of(piece);
    if (output.format() != TaskOutput.Format.JSON) {
      throw new IllegalArgumentException("a piece must be JSON, not " + output.format());
    }
    int length = output.bytes().length;
    if (length == 0 || length > TaskHandler.Control.MAX_PIECE) {
      throw new IllegalArgumentException(
          "a piece must have 1 to %d bytes of JSON, not %d"
              .formatted(TaskHandler.Control.MAX_PIECE, length));
    }
    return output.bytes();
  }

  /** The next piece is number {@code offset}. */
  synchronized void from(long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("pieces are numbered from 0 on, not from " + offset);
    }
    if (begun) {
      throw new IllegalStateException("this run has emitted pieces already");
    }
    if (over) {
      return;
    }
    resumed = true;
    long known = offset - heardFrom;
    if (!heard.isEmpty() && known >= 0 && known <= heard.size()) {
      // Whoever listens from now on is told of them too.
      put(heardFrom, heard.subList(0, (int) known));
    }
    heard = List.of();
    next = offset;
    put(next, List.of());
  }

  /** In order, as the lock is held. */
  private void put(long offset, List<byte[]> pieces) {
    try {
      bus.call(new PutPieces(emitter, resumed, offset, pieces));
    } catch (Unavailable e) {
      LOG.debug("task {}: nobody takes its pieces: {}", emitter.id(), e.getMessage());
    }
  }

  /** What is still known of earlier runs' pieces from that number on. Blocks. */
  List<TaskOutput> heard(long offset) throws InterruptedException {
    try {
      List<byte[]> pieces = bus.ask(new HeardPieces(emitter, offset, PATIENCE), ANSWER);
      synchronized (this) {
        heard = begun ? List.of() : pieces;
        heardFrom = offset;
      }
      return pieces.stream().map(piece -> new TaskOutput(TaskOutput.Format.JSON, piece)).toList();
    } catch (Unavailable e) {
      LOG.debug("task {}: nobody knows its pieces: {}", emitter.id(), e.getMessage());
      return List.of();
    }
  }

  /**
   * The run has ended, and is about to be settled; or that was refused.
   *
   * @param outcome null: nobody wants it
   */
  synchronized void ended(@Nullable Outcome outcome) {
    boolean done = outcome instanceof Outcome.Done;
    boolean said = over && brought;
    over = true;
    heard = List.of();
    if (!done && next == NONE && !said) {
      return;
    }
    brought = done;
    try {
      bus.call(new EndPieces(emitter, next, done));
    } catch (Unavailable e) {
      LOG.debug("task {}: nobody takes its pieces: {}", emitter.id(), e.getMessage());
    }
  }
}
