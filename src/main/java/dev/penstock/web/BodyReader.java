package dev.penstock.web;

import io.vertx.core.Context;
import io.vertx.core.http.HttpServerRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the bodies of requests: each within its route's limit and the deadline, and all of them
 * together within a share of the heap.
 */
public final class BodyReader {
  /** As bytes: what they are parsed to is counted apart. */
  private static final int SHARE_OF_HEAP = 16;

  private static final int SHORT = 64 * 1024;
  private static final int CHUNK = 8 * 1024;

  /** A compressed body may become so many times as long, and {@link #SHORT} in any case. */
  private static final int MOST_TIMES = 100;

  /** What a body may say it is. */
  enum MediaType {
    JSON("application/json"),
    FORM("application/x-www-form-urlencoded");

    private final String name;
    private final Pattern form;

    MediaType(String name) {
      this.name = name;
      form =
          Pattern.compile(
              Pattern.quote(name) + "\\s*(;\\s*charset\\s*=\\s*\"?utf-?8\"?\\s*)?;?\\s*");
    }
  }

  private final Duration deadline;
  private final long room;
  private final AtomicLong taken = new AtomicLong();

  /**
   * @param deadline how long a client may take, from its headers on
   * @param largest the highest limit of any route: so much must fit at least twice
   */
  public BodyReader(Duration deadline, int largest) {
    this.deadline = deadline;
    room = Math.max(2L * largest, Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP);
  }

  /**
   * The body, in memory that is counted until {@link #release}.
   *
   * @throws Refusal 408, 413, 415, or 503 when all bodies together are too much
   * @throws ClientGone when the connection broke
   */
  byte[] read(Exchange exchange, Context context, int limit, MediaType type)
      throws InterruptedException {
    Share.Held held = exchange.sent();
    HttpServerRequest request = exchange.request();
    boolean compressed = requireType(request, type);
    requireLength(request, limit);
    CompletableFuture<ReceivedBody> begun = exchange.begun();
    CompletableFuture<ReceivedBody> body = begun == null ? awaited(exchange) : begun;
    if (begun == null) {
      context.runOnContext(_ -> collect(request, context, limit, body, held));
    } else {
      charge(held, request);
    }
    exchange.begun(null);
    try {
      long left = deadline.toNanos() - (System.nanoTime() - exchange.started());
      byte[] sent = body.get(left, TimeUnit.NANOSECONDS).bytes();
      return compressed ? unpacked(sent, limit, held) : sent;
    } catch (TimeoutException e) {
      // Whoever completes the future first decides who gives the bytes back.
      if (!body.completeExceptionally(e) && !body.isCompletedExceptionally()) {
        byte[] sent = body.join().bytes();
        return compressed ? unpacked(sent, limit, held) : sent;
      }
      throw new Refusal(
          new ApiError(
              408,
              ApiError.INVALID_REQUEST,
              null,
              "request_timeout",
              "The body did not arrive within " + deadline.toSeconds() + " seconds.",
              ApiError.Again.UNSAID));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /**
   * Begins to read a short body, which most clients send with its headers: that saves handing it
   * from thread to thread. Nobody knows yet who sends it, so half of the room is left to those who
   * are known. On the event loop.
   */
  void begin(Exchange exchange, Context context, int limit) {
    HttpServerRequest request = exchange.request();
    Long length = lengthOf(request);
    boolean isShort = length != null && length > 0 && length <= Math.min(limit, SHORT);
    if (isShort && taken.get() <= room / 2 && request.getHeader("Expect") == null) {
      CompletableFuture<ReceivedBody> body = awaited(exchange);
      exchange.begun(body);
      collect(request, context, limit, body, null);
    }
  }

  /** A short body that was begun before it was known whose it is. */
  private static void charge(Share.Held held, HttpServerRequest request) {
    Long length = lengthOf(request);
    ApiError over = length == null ? null : held.add(length);
    if (over != null) {
      throw new Refusal(over);
    }
  }

  /** A body that comes as long as its client is there. */
  private static CompletableFuture<ReceivedBody> awaited(Exchange exchange) {
    var body = new CompletableFuture<ReceivedBody>();
    var _ = exchange.gone().thenRun(() -> body.completeExceptionally(new ClientGone()));
    return body;
  }

  /** Gives back what was begun and is not wanted. */
  void forget(Exchange exchange) {
    CompletableFuture<ReceivedBody> body = exchange.begun();
    if (body != null
        && !body.completeExceptionally(new ClientGone())
        && !body.isCompletedExceptionally()) {
      release(body.join().length());
    }
  }

  /** How many bytes of bodies there may be. */
  public long room() {
    return room;
  }

  /** The bytes of all bodies that have not been given back. */
  public long taken() {
    return taken.get();
  }

  /** The body of that size is needed no more. */
  void release(int bytes) {
    taken.addAndGet(-bytes);
  }

  /**
   * On the event loop.
   *
   * @param held the share that it counts to; null: that is not known, or it is counted already
   */
  private void collect(
      HttpServerRequest request,
      Context context,
      int limit,
      CompletableFuture<ReceivedBody> body,
      Share.@Nullable Held held) {
    var all = new ReceivedBody();
    // What was taken for a body that nobody will get is given back here, on the loop that counts
    // it.
    var _ =
        body.whenComplete((_, failure) -> {
          if (failure != null) {
            context.runOnContext(_ -> release(all.length()));
          }
        });
    request.handler(chunk -> {
      if (body.isDone()) {
        return;
      }
      if (all.length() + chunk.length() > limit) {
        body.completeExceptionally(tooLarge(limit));
        return;
      }
      ApiError over = held == null ? null : held.add(chunk.length());
      if (over != null) {
        body.completeExceptionally(new Refusal(over));
      } else if (taken.addAndGet(chunk.length()) > room) {
        release(chunk.length());
        body.completeExceptionally(
            new Refusal(ApiError.overloaded("Too much is being sent at once.")));
      } else {
        all.add(chunk);
      }
    });
    request.endHandler(_ -> body.complete(all));
    if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
      request.response().writeContinue();
    }
    request.resume();
  }

  /**
   * What was sent compressed, within the same limits. What it takes is counted in the place of what
   * was sent.
   */
  private byte[] unpacked(byte[] sent, int limit, Share.Held held) {
    int counted = sent.length;
    boolean done = false;
    try (var in = new GZIPInputStream(new ByteArrayInputStream(sent))) {
      var all = new ReceivedBody();
      byte[] chunk = new byte[CHUNK];
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        if (all.length() + count > limit) {
          throw tooLarge(limit);
        }
        if (all.length() + count > SHORT + (long) MOST_TIMES * sent.length) {
          throw new Refusal(
              ApiError.http(
                  413,
                  "request_too_large",
                  "The body is compressed to less than one part in " + MOST_TIMES + "."));
        }
        ApiError over = held.add(count);
        if (over != null) {
          throw new Refusal(over);
        }
        if (taken.addAndGet(count) > room) {
          release(count);
          throw new Refusal(ApiError.overloaded("Too much is being sent at once."));
        }
        counted += count;
        all.add(chunk, count);
      }
      release(sent.length);
      held.less(sent.length);
      done = true;
      return all.bytes();
    } catch (IOException e) {
      throw Refusal.invalid(null, "The body is not gzip, which its Content-Encoding says it is.");
    } finally {
      if (!done) {
        release(counted);
      }
    }
  }

  /** Whether the request has no body, not even an empty one in pieces. */
  static boolean comesWithout(HttpServerRequest request) {
    Long length = lengthOf(request);
    return request.getHeader("Transfer-Encoding") == null && (length == null || length == 0);
  }

  /** Whether it is compressed. */
  private static boolean requireType(HttpServerRequest request, MediaType wanted) {
    String encoding = request.getHeader("Content-Encoding");
    boolean plain = encoding == null || encoding.equalsIgnoreCase("identity");
    boolean compressed = wanted == MediaType.JSON && "gzip".equalsIgnoreCase(encoding);
    if (!plain && !compressed) {
      throw new Refusal(
          ApiError.http(
              415,
              "unsupported_media_type",
              wanted == MediaType.JSON
                  ? "Bodies may be compressed with gzip, and nothing else."
                  : "Compressed forms are not taken."));
    }
    String type = request.getHeader("Content-Type");
    if (type == null || !wanted.form.matcher(type.toLowerCase(Locale.ROOT)).matches()) {
      throw new Refusal(
          ApiError.http(
              415,
              "unsupported_media_type",
              "The Content-Type must be " + wanted.name + " (UTF-8)."));
    }
    return compressed;
  }

  private static void requireLength(HttpServerRequest request, int limit) {
    Long length = lengthOf(request);
    if (length != null && length > limit) {
      throw tooLarge(limit);
    }
  }

  /** The parser in front of us has refused lengths that are no numbers. */
  private static @Nullable Long lengthOf(HttpServerRequest request) {
    String length = request.getHeader("Content-Length");
    try {
      return length == null ? null : Long.valueOf(length);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  private static Refusal tooLarge(int limit) {
    return new Refusal(
        ApiError.http(413, "request_too_large", "The body may have at most " + limit + " bytes."));
  }
}
