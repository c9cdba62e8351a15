package dev.penstock.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Celery workers and processes that submit to them, under settings that can be changed. */
public final class CeleryPeer implements AutoCloseable {
  private static final int FIRST = 20;

  private final PeerPrograms programs;
  private final List<Peer> submitters = new ArrayList<>();
  private final Peer caller;
  private final String versions;
  private final List<Peer> workers = new ArrayList<>();
  private Submitters shape;

  /**
   * Who submits.
   *
   * @param threads of each process
   */
  public record Submitters(int processes, int threads) {
    public String text() {
      return processes + " × " + threads;
    }
  }

  /**
   * Who works.
   *
   * @param processes of each worker's pool
   * @param prefetch tasks at a time for each of these
   */
  public record Workers(int workers, int processes, int prefetch) {
    public String text() {
      return workers + " × " + processes + " × " + prefetch;
    }
  }

  public CeleryPeer(PeerPrograms programs, Submitters first, Workers working) throws Exception {
    this.programs = programs;
    this.shape = first;
    this.caller = programs.python(Map.of(), "celery_submit");
    try {
      JsonNode said = caller.answer(PeerRound.LIMIT);
      versions =
          "Celery %s with redis-py %s, FastAPI %s under uvicorn %s, Python %s"
              .formatted(
                  said.path("celery").asText(),
                  said.path("redis").asText(),
                  said.path("fastapi").asText(),
                  said.path("uvicorn").asText(),
                  said.path("python").asText());
      startWorkers(working);
      startSubmitters();
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  private void startWorkers(Workers working) throws IOException {
    for (int i = 0; i < working.workers(); i++) {
      workers.add(
          programs.python(
              Map.of("PEER_PREFETCH", Integer.toString(working.prefetch())),
              "celery",
              "--app=celery_tasks",
              "worker",
              "--hostname=worker" + i + "@localhost",
              "--pool=prefork",
              "--concurrency=" + working.processes(),
              "-Ofair",
              "--without-gossip",
              "--without-mingle",
              "--without-heartbeat",
              "--loglevel=WARNING"));
    }
  }

  private void startSubmitters() throws Exception {
    for (int i = 0; i < shape.processes(); i++) {
      submitters.add(programs.python(Map.of("PEER_RESULTS", "no"), "celery_submit"));
    }
    for (Peer submitter : submitters) {
      submitter.answer(PeerRound.LIMIT);
    }
    round(FIRST * shape.processes()); // The workers are ready when these have been done.
  }

  /** Other processes take over submitting. */
  public void submitFrom(Submitters other) throws Exception {
    submitters.forEach(Peer::close);
    submitters.clear();
    shape = other;
    startSubmitters();
  }

  /** Others take over the work. */
  public void work(Workers others) throws Exception {
    workers.forEach(Peer::close);
    workers.clear();
    startWorkers(others);
    round(FIRST * shape.processes());
  }

  public String versions() {
    return versions;
  }

  /** Tasks a second from submit to result. */
  public double round(int tasks) throws Exception {
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
      throw new IOException(e.getMessage() + "\na worker says:\n" + workers.getFirst().said(), e);
    }
    for (Peer worker : workers) {
      worker.requireAlive();
    }
    return PeerRound.rate(answers, each * submitters.size());
  }

  /** One task after the other, submitted by one who waits for its result. */
  public Histogram latency(int count) throws Exception {
    return PeerRound.latency(caller, count);
  }

  @Override
  public void close() {
    submitters.forEach(Peer::close);
    caller.close();
    workers.forEach(Peer::close);
  }
}
