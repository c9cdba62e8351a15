package dev.penstock.start;

import dev.penstock.base.Version;
import dev.penstock.base.Visible;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Logging;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.remote.RemoteDispatch;
import dev.penstock.remote.RemoteDispatch.Meeting;
import dev.penstock.remote.RemoteServer;
import dev.penstock.task.Lane;
import dev.penstock.types.TaskTypes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs tasks of a server far away until it is told to stop. */
@Command(
    name = "worker",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "Run tasks of a server far away, over HTTPS.",
    description = {
      "",
      "Needs outgoing connections only. Everything else about it is set as on a server: models,"
          + " device, plugins.",
      "",
      "Example: penstock worker --server https://penstock.example.org --key-file worker-key",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 stopped as asked, 1 could not start, 2 wrong settings or options."
    })
public final class WorkerCommand implements Callable<Integer> {
  private static final int MAX_KEY = 1_024;

  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(WorkerCommand.class);
  }

  @Option(names = "--server", paramLabel = "URL", description = "the server (PENSTOCK_URL)")
  private @Nullable String server;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "a worker's key (PENSTOCK_KEY); other users can see it here")
  private @Nullable String key;

  @Option(names = "--key-file", paramLabel = "FILE", description = "a file with the key in it")
  private @Nullable Path keyFile;

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      description = "certificates to trust beside those of the JDK, in PEM")
  private @Nullable Path caFile;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "what it is called, unlike all others (worker- and random digits)")
  private @Nullable String name;

  @Option(
      names = "--lanes",
      split = ",",
      paramLabel = "LANE",
      description = "what it works on: ping, embedding or embedding.MODEL; commas between them")
  private List<String> lanes = List.of();

  @Option(
      names = "--model",
      split = ",",
      paramLabel = "NAME",
      description = "models it works with, with commas between them (model.key)")
  private List<String> models = List.of();

  @Mixin private SettingOptions options = new SettingOptions();

  @Override
  public Integer call() {
    AtomicReference<@Nullable RemoteWorker> running = new AtomicReference<>();
    try {
      SameProcess.endWhenOutOfMemory();
      Map<String, String> given = commandLine();
      Settings settings = options.load(given).settings();
      Logging.apply(settings.log());
      URI uri = server();
      String called =
          name == null ? "worker-" + UUID.randomUUID().toString().substring(0, 8) : name;
      RemoteServer remote = remote(uri, key());
      if (inClear(uri)) {
        Log.LOG.warn(
            "the key and all tasks go to {} in clear text: who is in between can read and use them;"
                + " give an https URL",
            Visible.text("" + uri));
      }
      Thread.currentThread().setName("main");
      stopOnSignal(running);
      return switch (RemoteDispatch.meet(remote, called, settings.poll().interval())) {
        case Meeting.Denied(var why) -> {
          remote.close();
          System.err.println("penstock worker cannot start: " + why);
          exitCode = ServeCommand.CANNOT_START;
          yield ServeCommand.CANNOT_START;
        }
        case Meeting.Met(var dispatch, var lease) -> {
          Loaded agreed = options.load(with(given, lease));
          running.set(RemoteWorker.start(agreed, Abilities.BUILT_IN, dispatch, called));
          Log.LOG.info(
              "Penstock {} works for {} as {}", Version.current(), Visible.text("" + uri), called);
          yield ServeCommand.SERVING;
        }
      };
    } catch (BadSettings e) {
      exitCode = ServeCommand.WRONG_SETTINGS;
      System.err.println("penstock worker cannot start with these settings:");
      e.problems().forEach(problem -> System.err.println("  " + problem));
      return ServeCommand.WRONG_SETTINGS;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ServeCommand.CANNOT_START;
    } catch (Exception e) {
      exitCode = ServeCommand.CANNOT_START;
      Log.LOG.debug("start failed", e);
      System.err.println("penstock worker cannot start: " + ServeCommand.reason(e));
      return ServeCommand.CANNOT_START;
    }
  }

  /** What the shutdown hook ends with: zero unless the start failed behind its back. */
  private static volatile int exitCode;

  /** The server's leases count, and a third of one is early enough to extend it. */
  private static Map<String, String> with(Map<String, String> given, Duration lease) {
    Map<String, String> all = new LinkedHashMap<>(given);
    all.put("lease.duration", lease.toMillis() + "ms");
    all.put("lease.extend-every", Math.max(10, lease.toMillis() / 3) + "ms");
    return all;
  }

  private Map<String, String> commandLine() {
    Map<String, String> keys = options.keys();
    // What the environment says of nodes is not for a worker: it runs tasks, whatever its role.
    keys.put("roles", "http,inference");
    keys.put("cluster.enabled", "false");
    Set<String> types = new LinkedHashSet<>();
    Set<String> names = new LinkedHashSet<>(models);
    boolean all = false;
    for (String each : lanes) {
      if (each.isBlank() || each.startsWith(".") || each.endsWith(".")) {
        throw new BadSettings("--lanes: " + Visible.quoted(each) + " is not the name of a lane");
      }
      Lane lane = Lane.of(each.strip());
      types.add(lane.type());
      if (lane.model() != null) {
        names.add(lane.model());
      } else {
        all |=
            TaskTypes.BUILT_IN.stream()
                .anyMatch(type -> type.modelKind() != null && type.name().equals(lane.type()));
      }
    }
    if (!types.isEmpty()) {
      keys.put("model.type", String.join(",", types));
    }
    if (!names.isEmpty() && !(all && models.isEmpty())) {
      keys.put("model.key", String.join(",", names));
    }
    return keys;
  }

  private URI server() {
    String given = server != null ? server : System.getenv("PENSTOCK_URL");
    String example = "--server (PENSTOCK_URL) must be a URL such as https://penstock.example.org";
    if (given == null || given.isBlank()) {
      throw new BadSettings(example);
    }
    try {
      URI uri = new URI(given.strip().replaceFirst("/+$", ""));
      boolean web =
          "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      if (web
          && uri.getHost() != null
          && uri.getUserInfo() == null
          && uri.getQuery() == null
          && uri.getFragment() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Told below.
    }
    throw new BadSettings(example);
  }

  /** Whether what is sent there can be read on the way: a name other than localhost may be far. */
  static boolean inClear(URI server) {
    if (!"http".equalsIgnoreCase(server.getScheme())) {
      return false;
    }
    String host = server.getHost().toLowerCase(Locale.ROOT);
    if (host.equals("localhost") || host.endsWith(".localhost")) {
      return false;
    }
    try {
      return !InetAddress.ofLiteral(host.replaceAll("[\\[\\]]", "")).isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return true; // a name
    }
  }

  private RemoteServer remote(URI uri, String secret) {
    try {
      return new RemoteServer(uri, secret, caFile);
    } catch (IOException e) {
      String why =
          e instanceof NoSuchFileException ? "there is no such file" : ServeCommand.reason(e);
      throw new BadSettings("--ca-file: " + Visible.text("" + caFile) + ": " + Visible.text(why));
    }
  }

  private String key() {
    String found = key != null ? key : System.getenv("PENSTOCK_KEY");
    if (key == null && keyFile != null) {
      try (var in = Files.newInputStream(keyFile)) {
        found = new String(in.readNBytes(MAX_KEY), java.nio.charset.StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new BadSettings("--key-file: " + Visible.text("" + keyFile) + " cannot be read");
      }
    }
    if (found == null || !found.strip().matches("[!-~]{1,512}")) {
      throw new BadSettings(
          "no key: --key-file, --key or PENSTOCK_KEY must give one line of 1 to 512 visible ASCII"
              + " characters");
    }
    return found.strip();
  }

  /** As a server stops: in order, and with halt. */
  private static void stopOnSignal(AtomicReference<@Nullable RemoteWorker> running) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  RemoteWorker worker = running.get();
                  if (worker != null) {
                    Log.LOG.info("stopping: no new work is taken, running work finishes");
                    worker.close();
                    Log.LOG.info("stopped");
                  }
                  Runtime.getRuntime().halt(exitCode);
                },
                "stop"));
  }
}
