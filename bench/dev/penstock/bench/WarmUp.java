package dev.penstock.bench;

import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.bare.BareModel;
import java.time.Duration;
import java.util.List;

/** Load that nobody measures: compilers and allocators need some before they settle. */
public final class WarmUp {
  private WarmUp() {}

  /** Loads the server for that long, and until the requests then under way are answered. */
  public static void run(
      Session session, Server server, Kind kind, int inputs, int clients, Duration time)
      throws Exception {
    long start = System.nanoTime();
    while (System.nanoTime() - start < time.toNanos()) {
      List<String> texts = session.texts().take(kind, inputs * clients);
      Load.closed(
          server.uri(), server.cpu(), server.embeddings(BareModel.NAME, texts, inputs), clients);
    }
  }
}
