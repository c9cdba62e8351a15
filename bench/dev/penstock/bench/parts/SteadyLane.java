package dev.penstock.bench.parts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.bench.Connection;
import dev.penstock.bench.Load;
import dev.penstock.bench.Server;
import dev.penstock.testing.Api;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A lane that is kept at one depth: its clients submit a list for each list that has been done. It
 * is paused but while it is worked.
 */
final class SteadyLane implements AutoCloseable {
  static final int CLIENTS = 8;
  static final int LIST = 50;
  private static final String TASK = "{\"type\":\"ping\",\"input\":{},\"priority\":5}";
  private static final String LANE = "/v1/queues/ping";
  private static final int LOOKERS = 8;
  private static final int LOOKS = 10_000;
  private static final long LOOK_MS = 5;
  private static final long POLL_MS = 50;

  /** The first moments after a pause belong to nobody. */
  private static final Duration LEAD = Duration.ofMillis(200);

  private static final Duration END_LIMIT = Duration.ofMinutes(2);

  private final Server server;
  private final int depth;
  private final ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
  private final List<Client> clients = new ArrayList<>();

  /** When a lane was worked, in Unix seconds. */
  record Span(double from, double to) {}

  /** When a task was accepted, when its run began and when it was done, in Unix seconds. */
  record Life(double created, double started, double finished) {
    /** Of a task as it is answered. */
    static Life of(JsonNode task) {
      return new Life(
          task.path("created_at").asDouble(),
          task.path("started_at").asDouble(),
          task.path("finished_at").asDouble());
    }

    boolean queuedAt(double moment) {
      return created <= moment && moment < started;
    }

    boolean openAt(double moment) {
      return created <= moment && moment < finished;
    }

    boolean createdIn(Span span) {
      return span.from <= created && created < span.to;
    }

    boolean endedIn(Span span) {
      return span.from <= finished && finished < span.to;
    }
  }

  /**
   * Pauses the lane and fills it.
   *
   * @param depth tasks that have not ended, those in the worker's hands included
   */
  SteadyLane(Server server, int depth) throws Exception {
    this.server = server;
    this.depth = depth;
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(new Client(depth / CLIENTS / LIST));
    }
    pause(true);
    all(Client::fill);
  }

  /** Works on the lane for so long, and returns the part of the time that counts. */
  Span work(Duration time) throws Exception {
    pause(false);
    double from = now() + LEAD.toMillis() / 1e3;
    long until = System.nanoTime() + LEAD.plus(time).toNanos();
    all((client, connection) -> client.keepUp(connection, until));
    double to = now();
    pause(true);
    await(depth);
    all(Client::catchUp);
    return new Span(from, to);
  }

  /** Works until nothing is left. */
  void drain() throws Exception {
    pause(false);
    await(0);
  }

  /** Looks every task up, each of which must be completed by now. */
  List<Life> lives() throws Exception {
    List<String> ids = clients.stream().flatMap(client -> client.ids.stream()).toList();
    List<Life> lives = new ArrayList<>(ids.size());
    // Not all at once: the replies would be in memory together.
    for (int from = 0; from < ids.size(); from += LOOKS) {
      List<byte[]> looks =
          ids.subList(from, Math.min(ids.size(), from + LOOKS)).stream()
              .map(id -> server.get("/v1/tasks/" + id))
              .toList();
      for (byte[] reply : Load.closed(server.uri(), server.cpu(), looks, LOOKERS).replies()) {
        JsonNode task = Api.JSON.readTree(reply);
        if (!PingPart.completed(task)) {
          throw new IllegalStateException("a task is left behind: " + task);
        }
        lives.add(Life.of(task));
      }
    }
    return lives;
  }

  private static double now() {
    return Instant.now().toEpochMilli() / 1e3;
  }

  private JsonNode look() throws Exception {
    return Api.JSON.readTree(server.ask(server.get(LANE)));
  }

  private void pause(boolean paused) throws Exception {
    var _ = server.ask(server.post(LANE + (paused ? "/pause" : "/resume"), ""));
  }

  /** Waits until nothing is in hand and at most so many tasks are ready. */
  private void await(int ready) throws Exception {
    long until = System.nanoTime() + END_LIMIT.toNanos();
    JsonNode lane = look();
    while (lane.path("in_flight").asInt() > 0 || lane.path("depth").asInt() > ready) {
      if (System.nanoTime() > until) {
        throw new IllegalStateException("tasks do not end: " + lane);
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
      lane = look();
    }
  }

  /** Something that every client does, on a connection of its own. */
  private interface Deed {
    void of(Client client, Connection connection) throws Exception;
  }

  private void all(Deed deed) throws Exception {
    List<Callable<Void>> deeds = new ArrayList<>();
    for (Client client : clients) {
      deeds.add(() -> {
        try (var connection = new Connection(server.uri())) {
          deed.of(client, connection);
        }
        return null;
      });
    }
    for (Future<Void> done : threads.invokeAll(deeds)) {
      done.get();
    }
  }

  /** Keeps so many lists in the lane. */
  private final class Client {
    private final int lists;
    private final byte[] list = server.post("/v1/tasks", PingPart.list(TASK, LIST));
    private final List<String> ids = new ArrayList<>();

    /** The last task of each list that is not known to be done, the oldest list first. */
    private final Deque<String> open = new ArrayDeque<>();

    Client(int lists) {
      this.lists = lists;
    }

    void fill(Connection connection) throws IOException {
      while (open.size() < lists) {
        submit(connection);
      }
    }

    private void submit(Connection connection) throws IOException {
      List<String> accepted = PingPart.ids(connection.ask(list));
      ids.addAll(accepted);
      open.add(accepted.getLast());
    }

    void keepUp(Connection connection, long until) throws IOException, InterruptedException {
      while (System.nanoTime() < until) {
        if (!replaceOldest(connection)) {
          TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        }
      }
    }

    /** Makes up for what was done faster than it could be submitted. */
    void catchUp(Connection connection) throws IOException {
      while (replaceOldest(connection)) {
        // One more may be done.
      }
    }

    /** False where the oldest list is not done. */
    private boolean replaceOldest(Connection connection) throws IOException {
      byte[] oldest = connection.ask(server.get("/v1/tasks/" + open.getFirst()));
      if (!PingPart.completed(Api.JSON.readTree(oldest))) {
        return false;
      }
      open.removeFirst();
      submit(connection);
      return true;
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
