package dev.penstock.bench.parts;

import dev.penstock.bench.Connection;
import dev.penstock.bench.Load;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/**
 * More requests than a server can do, at a fixed rate and over a bounded number of connections. It
 * takes refusals too; no answer at all ends the run.
 */
final class Flood {
  /** Those that are held, and as many more as keep up the rate while the server stalls. */
  static final int CONNECTIONS = 2_000;

  /** Longer than any request is held. */
  private static final Duration DEADLINE = Duration.ofSeconds(40);

  private final URI server;
  private final List<byte[]> requests;
  private final Taker taker;
  private volatile boolean failed;

  /** Gets each answer as it comes, from several threads at a time. */
  interface Taker {
    /**
     * Takes an answer.
     *
     * @param request its place in the list
     * @param connection what has just read the answer
     * @param nanos since the request was due
     */
    void take(int request, int status, Connection connection, long nanos) throws IOException;
  }

  Flood(URI server, List<byte[]> requests, Taker taker) {
    this.server = server;
    this.requests = requests;
    this.taker = taker;
  }

  /**
   * What was sent, and how fast.
   *
   * @param left requests that were not, because no connection was
   * @param seconds from the first to the last
   */
  record Sent(int left, double seconds) {}

  /** Sends all and waits for the answers. */
  Sent run(double perSecond) throws Exception {
    var idle = new Load.Idle(server, DEADLINE);
    var places = new Semaphore(CONNECTIONS);
    int left = 0;
    double seconds;
    // A thread for each request, of which most are refused at once and hundreds wait.
    try (idle;
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < requests.size() && !failed; i++) {
        long due = start + Math.round(i * 1e9 / perSecond);
        Load.awaitDue(due);
        if (!places.tryAcquire()) {
          left++;
          continue;
        }
        int place = i;
        running.add(
            threads.submit(() -> {
              try {
                send(idle, place, due);
              } finally {
                places.release();
              }
              return null;
            }));
      }
      seconds = (System.nanoTime() - start) / 1e9;
      for (Future<?> future : running) {
        future.get();
      }
    }
    return new Sent(left, seconds);
  }

  private void send(Load.Idle idle, int place, long due) throws IOException {
    Connection connection = idle.take();
    try {
      int status = connection.exchange(requests.get(place));
      taker.take(place, status, connection, System.nanoTime() - due);
    } catch (IOException | RuntimeException e) {
      failed = true;
      connection.close();
      throw e;
    }
    idle.give(connection);
  }
}
