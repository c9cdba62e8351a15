package dev.penstock.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.base.Visible;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code penstock pull}: fetches a model into a folder of models. */
@Command(
    name = "pull",
    sortOptions = false,
    header = "Fetch a model into models.dir, where a server that runs finds it by itself.",
    description = {
      "",
      "MODEL is hf:org/name, hf:org/name:file (or a quantisation, such as Q4_K_M), or an https URL of"
          + " a GGUF file. The only command that goes out to the network. What broke off goes on"
          + " where it was; size and SHA-256 are checked before the model is there.",
      "HF_TOKEN is sent to the hub, and to nobody else; HF_ENDPOINT names another one.",
      ""
    })
final class PullCommand implements Callable<Integer> {
  private static final String HUB = "https://huggingface.co";
  private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}";

  private final Io io;
  private final StatusLine line;
  private long shownBytes;
  private long shownAt = System.nanoTime();
  private double rate;

  @Parameters(paramLabel = "MODEL", description = "what to fetch")
  private String model = "";

  @Option(names = "--name", paramLabel = "NAME", description = "what the model is called here")
  private @Nullable String name;

  @Option(
      names = "--models",
      paramLabel = "DIR",
      description = "the server's folder of models (MODELS_DIR; models)")
  private @Nullable Path models;

  @Option(names = "--sha256", paramLabel = "HEX", description = "what a URL's file has to be")
  private @Nullable String sha256;

  PullCommand(Io io) {
    this.io = io;
    line = new StatusLine(io);
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    PullSource source = PullSource.parse(model);
    String called = name == null ? PullSource.standardName(source) : name;
    if (!called.matches(NAME)) {
      throw Failure.refused(
          Visible.quoted(called)
              + ": a model's name has letters, digits, dots, dashes and underscores");
    }
    String sum = sha256 == null ? null : sha256.toLowerCase(Locale.ROOT);
    if (sum != null && (!sum.matches("[0-9a-f]{64}") || source instanceof PullSource.Hub)) {
      throw Failure.refused(
          "--sha256 takes 64 hex digits, and goes with a URL: the hub has its own");
    }
    String set = io.variable("MODELS_DIR");
    Path root = models != null ? models : Path.of(set == null ? "models" : set);
    Path target = root.resolve(called);
    if (Files.exists(target)) {
      throw Failure.refused(
          Visible.text(target + " is there already; delete it first, or choose another --name"));
    }
    URI endpoint = endpoint();
    try (var fetch = new Fetch(this::show, tokens(endpoint))) {
      List<PullSource.Item> items = items(source, endpoint, sum, fetch);
      Path work = root.resolve(".pull-" + called);
      Files.createDirectories(work);
      try (FileChannel lock =
          FileChannel.open(
              work.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        alone(lock);
        List<String> sums = new ArrayList<>();
        for (PullSource.Item item : items) {
          Path file = work.resolve(item.name());
          Files.createDirectories(file.getParent());
          sums.add(fetch.file(item, file));
        }
        tidy(work);
        Files.move(work, target);
        said(called, target, items, sums);
      }
      return ExitCode.OK;
    } catch (IOException e) {
      throw new Failure(
          ExitCode.UNAVAILABLE, Visible.text(root + " cannot be written: " + e.getMessage()));
    } finally {
      line.end();
    }
  }

  private static void alone(FileChannel lock) throws IOException, Failure {
    @Nullable FileLock held;
    try {
      held = lock.tryLock();
    } catch (OverlappingFileLockException e) {
      held = null;
    }
    if (held == null) {
      throw new Failure(ExitCode.UNAVAILABLE, "somebody is fetching that model at the moment");
    }
  }

  /** Takes away what only the fetching needed. */
  private static void tidy(Path work) throws IOException {
    List<Path> ours;
    try (Stream<Path> all = Files.walk(work)) {
      ours =
          all.filter(path ->
                  path.toString().endsWith(".version")
                      || path.getFileName().toString().equals(".lock"))
              .toList();
    }
    for (Path path : ours) {
      Files.delete(path);
    }
  }

  private URI endpoint() throws Failure {
    String given = io.variable("HF_ENDPOINT");
    URI endpoint = URI.create(given == null ? HUB : given.replaceFirst("/+$", ""));
    if (!Fetch.allowed(endpoint)) {
      throw Failure.refused("HF_ENDPOINT must be an https URL such as " + HUB);
    }
    return endpoint;
  }

  private Map<String, String> tokens(URI endpoint) {
    String token = io.variable("HF_TOKEN");
    return token != null && token.matches("[!-~]{1,512}")
        ? Map.of(endpoint.getHost(), token)
        : Map.of();
  }

  private static List<PullSource.Item> items(
      PullSource source, URI endpoint, @Nullable String sum, Fetch fetch)
      throws Failure, InterruptedException {
    return switch (source) {
      case PullSource.Url(URI uri, String file) -> List.of(new PullSource.Item(uri, file, -1, sum));
      case PullSource.Hub hub ->
          PullSource.choose(
              hub,
              endpoint,
              fetch.json(
                  URI.create(
                      endpoint + "/api/models/" + hub.repository() + "/tree/main?recursive=true")));
    };
  }

  private void show(String file, long done, long all) {
    long now = System.nanoTime();
    double seconds = (now - shownAt) / 1e9;
    if (done < shownBytes) {
      shownBytes = done;
      shownAt = now;
    } else if (seconds >= 1) {
      double newest = (done - shownBytes) / seconds;
      rate = rate == 0 ? newest : (rate + newest) / 2;
      shownBytes = done;
      shownAt = now;
    }
    String left =
        rate > 0 && all > done ? ", %d s left".formatted((long) ((all - done) / rate)) : "";
    line.show(
        "%s %s %s%s"
            .formatted(
                Visible.text(file),
                all > 0 ? Screen.gauge(done, all) : "",
                all > 0 ? Bytes.text(done) + " of " + Bytes.text(all) : Bytes.text(done),
                rate > 0 ? ", " + Bytes.text((long) rate) + "/s" + left : ""));
  }

  private void said(String called, Path target, List<PullSource.Item> items, List<String> sums)
      throws Failure, IOException {
    line.end();
    if (io.outTerminal()) {
      io.line(
          Visible.text(
              "%s is in %s; a server that runs finds it within seconds".formatted(called, target)));
      return;
    }
    ObjectNode said = JsonLines.object().put("model", called).put("path", target.toString());
    ArrayNode files = said.putArray("files");
    for (int i = 0; i < items.size(); i++) {
      files
          .addObject()
          .put("file", items.get(i).name())
          .put("bytes", Files.size(target.resolve(items.get(i).name())))
          .put("sha256", sums.get(i));
    }
    io.line(JsonLines.line(said));
  }
}
