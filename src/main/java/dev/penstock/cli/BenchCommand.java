package dev.penstock.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code penstock bench}: how much a running server does. */
@Command(
    name = "bench",
    sortOptions = false,
    header = "Load the running server for a while; print how much it did and how fast it answered.",
    description = {
      "",
      "Each client sends its next request when it has the last reply. All texts differ. It takes"
          + " the server's time from others.",
      ""
    })
final class BenchCommand implements Callable<Integer> {
  private static final int MAX_CLIENTS = 1_000;
  private static final int MAX_TEXTS = 2_048;
  private static final double MICROS = 1e3;
  private static final double P50 = 0.5;
  private static final double P95 = 0.95;
  private static final double P99 = 0.99;

  private final Io io;

  @Option(names = "--clients", paramLabel = "N", description = "clients at a time (8)")
  private int clients = 8;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = Times.class,
      description = "how long it goes on (10s)")
  private Duration duration = Duration.ofSeconds(10);

  @Option(names = "--texts-per-request", paramLabel = "N", description = "texts in each (1)")
  private int texts = 1;

  @Option(names = "--model", paramLabel = "MODEL", description = "model, where not the usual one")
  private @Nullable String model;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "embedding, or ping: tasks that do nothing (embedding)")
  private LoadTest.Kind type = LoadTest.Kind.EMBEDDING;

  @Option(names = "--json", description = "one JSON line")
  private boolean json;

  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  BenchCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    if (clients < 1 || clients > MAX_CLIENTS) {
      throw Failure.refused("--clients must be from 1 to " + MAX_CLIENTS);
    }
    if (duration.isZero()) {
      throw Failure.refused("--duration must be longer than 0s");
    }
    if (texts < 1 || texts > MAX_TEXTS) {
      throw Failure.refused("--texts-per-request must be from 1 to " + MAX_TEXTS);
    }
    if (type == LoadTest.Kind.PING && (model != null || texts > 1)) {
      throw Failure.refused("--model and --texts-per-request are for --type embedding");
    }
    var status = new StatusLine(io);
    LoadTest.Result result;
    try (Client client = connection.connect(io)) {
      result = new LoadTest(client, type, model, texts).run(clients, duration, status);
    } finally {
      status.end();
    }
    io.line(json ? JsonLines.line(line(result)) : table(result));
    return result.errors() > 0 || result.requests() == 0 ? ExitCode.UNAVAILABLE : ExitCode.OK;
  }

  private String table(LoadTest.Result result) {
    return String.format(
            Locale.ROOT,
            """
            requests  %,d (%,.1f a second) by %d clients
            texts     %,d (%,.1f a second)
            latency   p50 %,.1f ms, p95 %,.1f ms, p99 %,.1f ms
            refused   %,d (the server was full)
            errors    %,d
            """,
            result.requests(),
            result.perSecond(result.requests()),
            clients,
            result.texts(),
            result.perSecond(result.texts()),
            millis(result, P50),
            millis(result, P95),
            millis(result, P99),
            result.refused(),
            result.errors())
        .strip();
  }

  private ObjectNode line(LoadTest.Result result) {
    return JsonLines.object()
        .put("clients", clients)
        .put("requests", result.requests())
        .put("requests_per_second", result.perSecond(result.requests()))
        .put("texts", result.texts())
        .put("texts_per_second", result.perSecond(result.texts()))
        .put("p50_ms", millis(result, P50))
        .put("p95_ms", millis(result, P95))
        .put("p99_ms", millis(result, P99))
        .put("refused", result.refused())
        .put("errors", result.errors());
  }

  private static double millis(LoadTest.Result result, double share) {
    return result.latency().micros(share) / MICROS;
  }
}
