package dev.penstock.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Clients that each send their next request when they have the reply to the last one. */
final class LoadTest {
  private static final int OK = 200;
  private static final int TOO_MANY = 429;
  private static final int NO_ROOM = 503;
  private static final int HOLD_SECONDS = 30;

  /** After a reply that is no success: a server in trouble is not to be run down. */
  private static final Duration PAUSE = Duration.ofMillis(100);

  private static final double SECOND = 1e9;

  private final Client client;
  private final Kind kind;
  private final @Nullable String model;
  private final int texts;

  /** Texts must differ between runs too: equal ones may share their work. */
  private final String run = UUID.randomUUID().toString();

  private final AtomicLong next = new AtomicLong();
  private final AtomicLong succeeded = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong errors = new AtomicLong();
  private final Latencies latencies = new Latencies();

  /** What is asked for. */
  enum Kind {
    EMBEDDING("/v1/embeddings"),
    PING("/v1/tasks");

    final String path;

    Kind(String path) {
      this.path = path;
    }
  }

  LoadTest(Client client, Kind kind, @Nullable String model, int texts) {
    this.client = client;
    this.kind = kind;
    this.model = model;
    this.texts = texts;
  }

  /**
   * What came of it.
   *
   * @param refused by a server that is full
   * @param latency of the requests that succeeded
   */
  record Result(
      long nanos, long requests, long texts, long refused, long errors, Latencies latency) {
    public double perSecond(long count) {
      return count * SECOND / nanos;
    }
  }

  /** Requests under way at the end are waited for. Progress: how many have succeeded so far. */
  Result run(int clients, Duration duration, StatusLine status)
      throws Failure, InterruptedException {
    client.post(kind.path, request(), null).orFail(); // what is wrong shows here, once
    Deadline deadline = Deadline.in(duration);
    long start = System.nanoTime();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        Callable<@Nullable Void> loop =
            () -> {
              while (!deadline.over()) {
                one(deadline);
              }
              return null;
            };
        running.add(threads.submit(loop));
      }
      while (!deadline.over()) {
        status.show(
            String.format(
                Locale.ROOT,
                "%,d requests, %d s left",
                succeeded.get(),
                deadline.left().toSeconds()));
        deadline.sleep(PAUSE);
      }
      for (Future<?> client : running) {
        client.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    long requests = succeeded.get();
    return new Result(
        System.nanoTime() - start,
        requests,
        requests * texts,
        refused.get(),
        errors.get(),
        latencies);
  }

  private void one(Deadline deadline) throws InterruptedException {
    ObjectNode request = request();
    long sent = System.nanoTime();
    int status = client.statusOf(kind.path, request);
    if (status == OK) {
      latencies.add(System.nanoTime() - sent);
      succeeded.incrementAndGet();
      return;
    }
    (status == NO_ROOM || status == TOO_MANY ? refused : errors).incrementAndGet();
    deadline.sleep(PAUSE);
  }

  private ObjectNode request() {
    ObjectNode request = JsonLines.object();
    switch (kind) {
      case EMBEDDING -> {
        if (model != null) {
          request.put("model", model);
        }
        ArrayNode input = request.putArray("input");
        for (int i = 0; i < texts; i++) {
          input.add(
              "Text %d of the load test %s: water flows downhill until something stops it."
                  .formatted(next.incrementAndGet(), run));
        }
      }
      case PING -> {
        request.put("type", "ping").put("wait_seconds", HOLD_SECONDS);
        request.putObject("input").put("n", next.incrementAndGet());
      }
    }
    return request;
  }
}
