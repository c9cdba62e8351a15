package dev.penstock.bench.parts;

import dev.penstock.bench.Connection;
import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;

/** A look at a server every now and then, while something else is done to it. */
final class Vitals implements AutoCloseable {
  private static final int DIGITS = 3;
  private static final long SAMPLE_NANOS = 500_000_000;
  private static final long ASK_NANOS = 100_000_000;
  static final String HEAP = "jvm_memory_used_bytes{area=\"heap\"";

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Future<Void>> running = new ArrayList<>();
  private final List<Sample> samples = new ArrayList<>();
  private final Map<String, Histogram> latencies = new TreeMap<>();
  private volatile boolean loaded;
  private volatile boolean ended;

  /**
   * Memory in MB.
   *
   * @param at Unix seconds
   */
  record Sample(double at, double resident, double heap) {}

  /**
   * @param paths what to ask for; every answer must be a success
   */
  Vitals(Server server, List<String> paths) {
    running.add(
        threads.submit(() -> {
          try (var api = new Api(server.uri(), PenstockProcess.KEY)) {
            every(
                SAMPLE_NANOS,
                due ->
                    samples.add(
                        new Sample(
                            Instant.now().toEpochMilli() / 1e3,
                            MemoryPart.resident(server),
                            api.metric(HEAP) / 1e6)));
          }
          return null;
        }));
    for (String path : paths) {
      var latency = new Histogram(DIGITS);
      latencies.put(path, latency);
      running.add(threads.submit(asking(server, path, latency)));
    }
  }

  private Callable<Void> asking(Server server, String path, Histogram latency) {
    byte[] request = server.get(path);
    return () -> {
      try (var connection = new Connection(server.uri())) {
        every(
            ASK_NANOS,
            due -> {
              boolean counts = loaded;
              connection.ask(request);
              if (counts) {
                latency.recordValue(System.nanoTime() - due);
              }
            });
      }
      return null;
    };
  }

  /** Something that is due at a moment, a {@link System#nanoTime}. */
  private interface Look {
    void at(long due) throws Exception;
  }

  private void every(long nanos, Look look) throws Exception {
    for (long due = System.nanoTime(); !ended; due += nanos) {
      Load.awaitDue(due);
      look.at(due);
    }
  }

  /** Latencies count while the server is under load, memory always. */
  void loaded(boolean now) {
    loaded = now;
  }

  /** Looks no more. What went wrong meanwhile is thrown here. */
  void end() throws Exception {
    ended = true;
    for (Future<Void> each : running) {
      each.get();
    }
  }

  /** What was seen; after the end. */
  List<Sample> samples() {
    return samples;
  }

  /** Counted from when each was due; after the end. */
  Map<String, Histogram> latencies() {
    return latencies;
  }

  /** Of one of the paths; after the end. */
  Histogram latency(String path) {
    return Objects.requireNonNull(latencies.get(path));
  }

  @Override
  public void close() {
    ended = true;
    threads.shutdownNow();
  }
}
