package dev.penstock.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** A Celery worker and processes that submit to it, under settings that can be changed. */
final class CeleryPeer implements AutoCloseable {
  private static final int FIRST = 20;

  private final PeerPrograms programs;
  private final List<Peer> submitters = new ArrayList<>();
  private final Peer caller;
  private final String versions;
  private Peer worker;
  private Shape shape;

  /**
   * Who submits.
   *
   * @param threads of each process
   */
  record Shape(int processes, int threads) {
    String text() {
      return processes + (processes == 1 ? " process × " : " processes × ") + threads;
    }
  }

  CeleryPeer(PeerPrograms programs, Shape shape, int prefetch) throws Exception {
    this.programs = programs;
    this.shape = shape;
    this.worker = startWorker(prefetch);
    this.caller = programs.python(Map.of(), "celery_submit");
    try {
      JsonNode said = caller.answer(PeerRound.LIMIT);
      versions =
          "Celery %s, Python %s"
              .formatted(said.path("celery").asText(), said.path("python").asText());
      startSubmitters();
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  private Peer startWorker(int prefetch) throws IOException {
    return programs.python(
        Map.of("PEER_PREFETCH", Integer.toString(prefetch)),
        "celery",
        "--app=celery_tasks",
        "worker",
        "--pool=prefork",
        "-Ofair",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "--loglevel=WARNING");
  }

  private void startSubmitters() throws Exception {
    for (int i = 0; i < shape.processes(); i++) {
      submitters.add(programs.python(Map.of("PEER_RESULTS", "no"), "celery_submit"));
    }
    for (Peer submitter : submitters) {
      submitter.answer(PeerRound.LIMIT);
    }
    round(FIRST * shape.processes()); // The worker is ready when these have been done.
  }

  /** Other processes take over submitting. */
  void submitFrom(Shape other) throws Exception {
    submitters.forEach(Peer::close);
    submitters.clear();
    shape = other;
    startSubmitters();
  }

  /** Another worker takes over, that fetches so many tasks at a time for each process. */
  void prefetch(int multiplier) throws Exception {
    worker.close();
    worker = startWorker(multiplier);
    round(FIRST * shape.processes());
  }

  String versions() {
    return versions;
  }

  /** Tasks a second from submit to result. */
  double round(int tasks) throws Exception {
    int each = tasks / submitters.size();
    String order = "{\"round\":%d,\"threads\":%d}".formatted(each, shape.threads());
    for (Peer submitter : submitters) {
      submitter.tell(order);
    }
    List<JsonNode> answers = new ArrayList<>();
    try {
      for (Peer submitter : submitters) {
        answers.add(submitter.answer(PeerRound.LIMIT));
      }
    } catch (IOException e) {
      throw new IOException(e.getMessage() + "\nthe worker says:\n" + worker.said(), e);
    }
    worker.requireAlive();
    return PeerRound.rate(answers, each * submitters.size());
  }

  /** One task after the other, submitted by one who waits for its result. */
  Histogram latency(int count) throws Exception {
    return PeerRound.latency(caller, count);
  }

  @Override
  public void close() {
    submitters.forEach(Peer::close);
    caller.close();
    worker.close();
  }
}
