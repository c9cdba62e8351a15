package dev.penstock.bench;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Sends requests to a server, closed loop or open loop. A reply that is no success ends the run.
 */
public final class Load {
  private static final int DIGITS = 3;
  private static final int MAX_OPEN = 512;

  private Load() {}

  /**
   * What came of it.
   *
   * @param began when the first request was sent
   * @param nanos from the first request to the last reply
   * @param latency in nanoseconds
   * @param replies bodies, in the order of the requests
   */
  public record Result(
      Instant began, long nanos, Histogram latency, List<byte[]> replies, Cpu.Share cpu) {
    public double perSecond(long count) {
      return count * 1e9 / nanos;
    }
  }

  /** Waits until that moment, a {@link System#nanoTime}. */
  public static void awaitDue(long due) {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** Each client sends its next request when it has the reply to the last one. */
  public static Result closed(URI server, Cpu cpu, List<byte[]> requests, int clients)
      throws Exception {
    byte[][] replies = new byte[requests.size()][];
    var next = new AtomicInteger();
    var ready = new CountDownLatch(clients);
    var go = new CountDownLatch(1);
    Callable<Histogram> client =
        () -> {
          var latency = new Histogram(DIGITS);
          try (var connection = new Connection(server)) {
            ready.countDown();
            go.await();
            for (int i = next.getAndIncrement(); i < replies.length; i = next.getAndIncrement()) {
              long sent = System.nanoTime();
              replies[i] = connection.ask(requests.get(i));
              latency.recordValue(System.nanoTime() - sent);
            }
          } finally {
            ready.countDown(); // A client that cannot connect must not hold up the others.
          }
          return latency;
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
      List<Future<Histogram>> running = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        running.add(threads.submit(client));
      }
      ready.await();
      Cpu.Mark mark = cpu.mark();
      Instant began = Instant.now();
      long start = System.nanoTime();
      go.countDown();
      var latency = new Histogram(DIGITS);
      for (Future<Histogram> future : running) {
        latency.add(future.get());
      }
      long nanos = System.nanoTime() - start;
      return new Result(began, nanos, latency, List.of(replies), cpu.since(mark));
    }
  }

  /**
   * Requests go out at a fixed rate, whatever becomes of those before. Latency counts from the
   * moment a request was meant to be sent, so a stalled server cannot slow the generator down and
   * hide its own stall.
   */
  public static Result open(URI server, Cpu cpu, List<byte[]> requests, double perSecond)
      throws Exception {
    byte[][] replies = new byte[requests.size()][];
    var idle = new Idle(server, Connection.READ);
    try (idle;
        ExecutorService threads = atMost(MAX_OPEN)) {
      List<Future<Long>> running = new ArrayList<>();
      Cpu.Mark mark = cpu.mark();
      Instant began = Instant.now();
      long start = System.nanoTime();
      for (int i = 0; i < replies.length; i++) {
        long due = start + Math.round(i * 1e9 / perSecond);
        awaitDue(due);
        int place = i;
        running.add(
            threads.submit(() -> {
              Connection connection = idle.take();
              replies[place] = connection.ask(requests.get(place));
              idle.give(connection);
              return System.nanoTime() - due;
            }));
      }
      var latency = new Histogram(DIGITS);
      for (Future<Long> future : running) {
        latency.recordValue(future.get());
      }
      long nanos = System.nanoTime() - start;
      return new Result(began, nanos, latency, List.of(replies), cpu.since(mark));
    }
  }

  /** Threads that are reused; one task too many is an exception, not a wait. */
  private static ExecutorService atMost(int count) {
    return new ThreadPoolExecutor(0, count, 1, TimeUnit.MINUTES, new SynchronousQueue<>());
  }

  /** Connections nobody uses at the moment. The one used last goes out first. */
  public static final class Idle implements AutoCloseable {
    private final URI server;
    private final Duration read;
    private final Deque<Connection> connections = new ArrayDeque<>();

    public Idle(URI server, Duration read) {
      this.server = server;
      this.read = read;
    }

    public Connection take() throws IOException {
      synchronized (this) {
        Connection connection = connections.poll();
        if (connection != null) {
          return connection;
        }
      }
      return new Connection(server, read);
    }

    public synchronized void give(Connection connection) {
      connections.push(connection);
    }

    @Override
    public synchronized void close() throws IOException {
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }
}
