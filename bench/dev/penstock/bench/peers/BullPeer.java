package dev.penstock.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/** BullMQ: a process that adds jobs, and workers whose number and concurrency can be changed. */
public final class BullPeer implements AutoCloseable {
  private final PeerPrograms programs;
  private final Peer producer;
  private final List<Peer> workers = new ArrayList<>();
  private final String versions;
  private final String redis;

  /**
   * Who works.
   *
   * @param concurrency of each process
   */
  public record Shape(int processes, int concurrency) {
    public String text() {
      return processes + " × " + concurrency;
    }
  }

  public BullPeer(PeerPrograms programs) throws Exception {
    this.programs = programs;
    this.producer = programs.bullMq("producer.cjs");
    try {
      JsonNode said = producer.answer(PeerRound.LIMIT);
      versions =
          "BullMQ %s with ioredis %s, Node.js %s"
              .formatted(
                  said.path("bullmq").asText(),
                  said.path("ioredis").asText(),
                  said.path("node").asText());
      redis = said.path("redis").asText();
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  /** Others take over the work. */
  public void work(Shape shape) throws Exception {
    workers.forEach(Peer::close);
    workers.clear();
    for (int i = 0; i < shape.processes(); i++) {
      workers.add(programs.bullMq("worker.cjs", Integer.toString(shape.concurrency())));
    }
    for (Peer worker : workers) {
      worker.answer(PeerRound.LIMIT);
    }
  }

  public String versions() {
    return versions;
  }

  /** The version of the Redis it uses. */
  public String redis() {
    return redis;
  }

  /**
   * Jobs a second from being added to being done.
   *
   * @param list jobs that are added together
   * @param inFlight calls at a time
   */
  public double round(int jobs, int list, int inFlight) throws Exception {
    String order = "{\"round\":%d,\"list\":%d,\"inFlight\":%d}".formatted(jobs, list, inFlight);
    List<JsonNode> answers = List.of(producer.ask(order, PeerRound.LIMIT));
    requireAlive();
    return PeerRound.rate(answers, jobs);
  }

  /** One job after the other, added by one who waits for its result. */
  public Histogram latency(int count) throws Exception {
    return PeerRound.latency(producer, count);
  }

  private void requireAlive() throws IOException {
    for (Peer worker : workers) {
      worker.requireAlive();
    }
  }

  @Override
  public void close() {
    producer.close();
    workers.forEach(Peer::close);
  }
}
