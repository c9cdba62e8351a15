package dev.penstock.engine.http;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A reply's body, to be read as it comes: each wait has a limit and an interrupt ends it, neither
 * of which the JDK's own stream has. Read by one thread. No more is taken from the server than is
 * read.
 */
final class ByteStream implements BodySubscriber<ByteStream>, AutoCloseable {
  private final LinkedBlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Queue<ByteBuffer> ready = new ArrayDeque<>();
  private volatile Flow.@Nullable Subscription subscription;
  private @Nullable Event last;

  private sealed interface Event {
    record Bytes(List<ByteBuffer> buffers) implements Event {}

    record End() implements Event {}

    record Failure(Throwable cause) implements Event {}
  }

  /** Nothing came for too long. */
  static final class TooSlow extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Bytes that have come, at least one; null: all have.
   *
   * @throws TooSlow when none come within the limit
   */
  @Nullable ByteBuffer next(long nanos) throws IOException, InterruptedException {
    while (true) {
      ByteBuffer one = ready.poll();
      if (one != null && one.hasRemaining()) {
        return one;
      }
      if (one == null) {
        switch (event(nanos)) {
          case Event.Bytes(List<ByteBuffer> buffers) -> ready.addAll(buffers);
          case Event.End _ -> {
            return null;
          }
          case Event.Failure(Throwable cause) ->
              throw new IOException("the connection was lost", cause);
        }
      }
    }
  }

  private Event event(long nanos) throws InterruptedException, TooSlow {
    if (last != null) {
      return last;
    }
    Event event = events.poll(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    if (event == null) {
      throw new TooSlow();
    }
    if (event instanceof Event.Bytes) {
      Flow.Subscription given = subscription;
      if (given != null) {
        given.request(1);
      }
    } else {
      last = event;
    }
    return event;
  }

  @Override
  public CompletionStage<ByteStream> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    events.add(new Event.Bytes(buffers));
  }

  @Override
  public void onError(Throwable cause) {
    events.add(new Event.Failure(cause));
  }

  @Override
  public void onComplete() {
    events.add(new Event.End());
  }

  /** Closes the connection, unless all has come. */
  @Override
  public void close() {
    Flow.Subscription given = subscription;
    if (given != null && !(last instanceof Event.End)) {
      given.cancel();
    }
  }
}
