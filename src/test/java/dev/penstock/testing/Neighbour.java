package dev.penstock.testing;

import dev.penstock.testing.Api.Answer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A client with short texts, one after another, who notes how long each took. */
public final class Neighbour implements AutoCloseable {
  private static final int LOOK_EVERY = 50;
  private static final int MEGABYTE = 1_000_000;

  private final Site site;
  private final Checker checker;
  private final Api api;
  private long number;

  /**
   * Makes one with a key of his own.
   *
   * @param checker told of each answer
   */
  public Neighbour(Site site, Checker checker) throws IOException, InterruptedException {
    this.site = site;
    this.checker = checker;
    this.api = new Api(site.api().base(), site.api().keyOf("neighbour"));
  }

  /**
   * What he noted.
   *
   * @param p99 milliseconds of a request, of which one in a hundred takes longer
   * @param heapMegabytes of the server, at most, as far as it was looked at; as the next
   */
  public record Times(double p99, long heapMegabytes, long threads) {}

  /** Asks for so long. */
  public Times ask(Duration time) throws IOException, InterruptedException {
    List<Long> nanos = new ArrayList<>();
    double heap = 0;
    double threads = 0;
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end || nanos.isEmpty()) {
      if (number++ % LOOK_EVERY == 0) {
        heap = Math.max(heap, site.api().metric("jvm_memory_used_bytes{area=\"heap\""));
        threads = Math.max(threads, site.api().metric("jvm_threads_live_threads"));
      }
      long start = System.nanoTime();
      Answer answer = api.post("/v1/embeddings", "{\"input\":\"short text " + number + "\"}");
      nanos.add(System.nanoTime() - start);
      checker.answered(answer.status() == 200 && answer.json().at("/data/0/embedding").size() > 0);
    }
    Collections.sort(nanos);
    return new Times(
        nanos.get((int) (nanos.size() * 99L / 100)) / 1e6,
        Math.round(heap / MEGABYTE),
        Math.round(threads));
  }

  @Override
  public void close() {
    api.close();
  }
}
