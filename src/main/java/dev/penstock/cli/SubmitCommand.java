package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.base.Visible;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code penstock submit}: makes tasks of texts. */
@Command(
    name = "submit",
    sortOptions = false,
    header = "Submit tasks; print one JSON line a task, in the order of the input.",
    description = {
      "",
      "Each TEXT is a task; without any, each line of --file or of standard input is one (blank"
          + " lines are none). A refused task's line has its error.",
      ""
    })
final class SubmitCommand implements Callable<Integer> {
  private static final String STDIN = "-";
  private static final long MILLIS = 1_000;

  private final Io io;

  @Parameters(paramLabel = "TEXT", arity = "0..*", description = "a text; -: standard input")
  private List<String> texts = new ArrayList<>();

  @Option(names = "--file", paramLabel = "FILE", description = "read the texts from it")
  private @Nullable Path file;

  @Option(names = "--whole", description = "the whole file or standard input is one text")
  private boolean whole;

  @Option(names = "--lines", description = "each line is a task of its own (so it is unless told)")
  private boolean lines;

  @Option(names = "--json", description = "each text or line is an input as JSON, not a text")
  private boolean json;

  @Option(names = "--input", paramLabel = "JSON", description = "one task with this input")
  private @Nullable String input;

  @Option(names = "--type", paramLabel = "TYPE", description = "type of the tasks (embedding)")
  private String type = "embedding";

  @Option(names = "--model", paramLabel = "MODEL", description = "model, where not the usual one")
  private @Nullable String model;

  @Option(names = "--priority", paramLabel = "N", description = "0 to 10, 10 goes first")
  private @Nullable Integer priority;

  @Option(
      names = "--delay",
      paramLabel = "TIME",
      converter = Times.class,
      description = "do not run them before this time is over")
  private @Nullable Duration delay;

  @Option(
      names = "--start-before",
      paramLabel = "TIME",
      converter = Moments.class,
      description = "cancel those that have not begun by then: 2030-01-31T08:00:00Z")
  private @Nullable Instant startBefore;

  @Option(names = "--metadata", paramLabel = "KEY=VALUE", description = "may be repeated")
  private Map<String, String> metadata = new LinkedHashMap<>();

  @Option(names = "--wait", description = "wait for the tasks' ends and print them with results")
  private boolean await;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Times.class,
      description = "with --wait: the longest time without a new result (10m)")
  private Duration timeout = Duration.ofMinutes(10);

  @Option(
      names = "--idempotency-key",
      paramLabel = "KEY",
      description = "run again with the same key and input, it makes no second tasks")
  private @Nullable String idempotencyKey;

  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  SubmitCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    check();
    try (Client client = connection.connect(io);
        InputStream stream = stream()) {
      return submit(client, inputs(stream));
    } catch (IOException e) {
      throw Failure.refused(Visible.text(String.valueOf(file)) + " cannot be read");
    }
  }

  private void check() throws Failure {
    boolean stdin = texts.contains(STDIN);
    int sources = (file == null ? 0 : 1) + (input == null ? 0 : 1) + (texts.isEmpty() ? 0 : 1);
    if (sources > 1 || (stdin && texts.size() > 1)) {
      throw Failure.refused("TEXT, -, --file and --input exclude each other");
    }
    if (whole && lines) {
      throw Failure.refused("--whole and --lines exclude each other");
    }
    if ((whole || lines) && (input != null || (!stdin && !texts.isEmpty()))) {
      throw Failure.refused("--whole and --lines are for --file and standard input");
    }
    if (idempotencyKey != null && !idempotencyKey.matches("[!-~]{1,200}")) {
      throw Failure.refused("--idempotency-key must be 1 to 200 visible ASCII characters");
    }
  }

  private InputStream stream() throws IOException {
    if (file != null && !file.toString().equals(STDIN)) {
      return Files.newInputStream(file);
    }
    return io.in();
  }

  private Inputs inputs(InputStream stream) throws Failure {
    if (input != null) {
      return Inputs.Given.of(List.of(Inputs.read(input, true, "--input")));
    }
    if (!texts.isEmpty() && !texts.contains(STDIN)) {
      List<JsonNode> given = new ArrayList<>();
      for (String text : texts) {
        given.add(Inputs.read(text, json, "TEXT"));
      }
      return Inputs.Given.of(given);
    }
    String name = file == null ? "standard input" : Visible.text(file.toString());
    var reader = new LineReader(stream, name);
    return whole
        ? Inputs.Given.of(List.of(Inputs.read(reader.rest(), json, name)))
        : new Inputs.Lines(reader, json);
  }

  private int submit(Client client, Inputs inputs) throws Failure, InterruptedException {
    var submitter =
        new Submitter(
            client, idempotencyKey == null ? UUID.randomUUID().toString() : idempotencyKey);
    var status = new StatusLine(io);
    try (Sink sink = await ? new OrderedResults(client, io, timeout) : new Sink.Printed(io)) {
      long submitted = 0;
      long refused = 0;
      int worst = ExitCode.OK;
      // Run again under its key, the same input must give the same requests.
      var chunks = new Chunks(inputs, this::task, idempotencyKey != null);
      while (true) {
        List<JsonNode> chunk;
        try {
          chunk = chunks.next();
        } catch (Failure e) {
          status.end();
          io.complain(e.text() + "; " + before(submitted));
          worst = ExitCode.worse(worst, e.code());
          break; // the tasks before it still get their lines
        }
        if (chunk.isEmpty()) {
          break;
        }
        for (JsonNode reply : submitter.submit(chunk)) {
          if (reply.has("error")) {
            refused++;
            int code = Submitter.busy(reply) ? ExitCode.UNAVAILABLE : ExitCode.REFUSED;
            worst = ExitCode.worse(worst, code);
          } else {
            submitted++;
          }
          sink.add(reply);
        }
        sink.flush();
        status.show(String.format(Locale.ROOT, "%,d submitted, %,d refused", submitted, refused));
      }
      return ExitCode.worse(worst, sink.finish());
    } finally {
      status.end();
    }
  }

  private static String before(long submitted) {
    return submitted == 0
        ? "no task was submitted"
        : String.format(
            Locale.ROOT,
            submitted == 1
                ? "%,d task before it was submitted"
                : "%,d tasks before it were submitted",
            submitted);
  }

  private ObjectNode task(JsonNode of) {
    ObjectNode task = JsonLines.object().put("type", type);
    if (model != null) {
      task.put("model", model);
    }
    task.set("input", of);
    if (priority != null) {
      task.put("priority", priority);
    }
    if (delay != null) {
      task.put("delay_seconds", (double) delay.toMillis() / MILLIS);
    }
    if (startBefore != null) {
      task.put("start_before", (double) startBefore.toEpochMilli() / MILLIS);
    }
    if (!metadata.isEmpty()) {
      ObjectNode pairs = task.putObject("metadata");
      metadata.forEach(pairs::put);
    }
    return task;
  }
}
