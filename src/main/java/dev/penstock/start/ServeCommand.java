package dev.penstock.start;

import dev.penstock.base.Version;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Logging;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.engine.EngineStatus;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves until it is told to stop: what the program does when it is asked for nothing else. */
@Command(
    name = "penstock",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "An OpenAI-compatible endpoint and a durable task queue for your own hardware.",
    description = {
      "",
      "Without options it serves embeddings on http://127.0.0.1:8000 and keeps its queue in ./data.",
      "Options override environment variables (API_PORT, AUTH_TOKEN, DB_PATH, EMBEDDING_MODEL, …),"
          + " which override the --conf file.",
      "With a command it is a client of a server that runs: docs/cli.md.",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 stopped as asked, 1 could not start, 2 wrong settings or options."
    })
public final class ServeCommand implements Callable<Integer> {
  /** Not an exit code: the program goes on. */
  public static final int SERVING = -1;

  /** How long the banner waits for the default model; the program serves all the while. */
  private static final Duration MODEL = Duration.ofMinutes(5);

  public static final int CANNOT_START = 1;
  static final int WRONG_SETTINGS = 2;

  /** Loaded with the first line: commands that do not serve need no log, and start sooner. */
  private static final class Log {
    static final Logger LOG = LoggerFactory.getLogger(ServeCommand.class);
  }

  /** What the shutdown hook ends with: zero unless the start failed behind its back. */
  private static volatile int exitCode;

  @Option(names = "--host", paramLabel = "ADDRESS", description = "address to listen on (api.host)")
  private @Nullable String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "port to listen on; 0: any free one (api.port)")
  private @Nullable String port;

  @Option(
      names = "--roles",
      paramLabel = "ROLES",
      description = "http, inference or both: http,inference (roles)")
  private @Nullable String roles;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "model of requests that name none (embedding.model)")
  private @Nullable String model;

  @Mixin private SettingOptions options = new SettingOptions();

  @Override
  public Integer call() {
    long begun = System.nanoTime();
    PrintStream out = System.out;
    try {
      SameProcess.endWhenOutOfMemory();
      Loaded loaded = options.load(commandLine());
      Settings settings = loaded.settings();
      Logging.apply(settings.log());
      Node node = Node.start(loaded);
      stopOnSignal(node);
      List<EngineStatus> ready = node.awaitModels(MODEL);
      Duration took = Duration.ofNanos(System.nanoTime() - begun);
      switch (settings.log().format()) {
        case TEXT -> {
          out.print(Banner.of(node, ready, took));
          out.flush();
        }
        // For programs: one more record, and without the key.
        case JSON -> Log.LOG.info("Penstock {} is at {}", Version.current(), node.uri());
      }
      return SERVING;
    } catch (BadSettings e) {
      System.err.println("penstock cannot start with these settings:");
      e.problems().forEach(problem -> System.err.println("  " + problem));
      return WRONG_SETTINGS;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return CANNOT_START;
    } catch (Exception e) {
      exitCode = CANNOT_START;
      Log.LOG.debug("start failed", e);
      System.err.println("penstock cannot start: " + reason(e));
      return CANNOT_START;
    }
  }

  static String reason(Throwable e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.toString() : message;
  }

  private Map<String, String> commandLine() {
    Map<String, String> keys = options.keys();
    SettingOptions.put(keys, "api.host", host);
    SettingOptions.put(keys, "api.port", port);
    SettingOptions.put(keys, "roles", roles);
    SettingOptions.put(keys, "embedding.model", model);
    return keys;
  }

  /**
   * SIGTERM and Ctrl-C stop the node in order. Ends with halt: the exit code is 0 then, and no
   * other hook frees native memory under the feet of a thread that still uses it.
   */
  private static void stopOnSignal(Node node) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  Log.LOG.info("stopping: no new work is taken, running work finishes");
                  node.close();
                  Log.LOG.info("stopped");
                  Runtime.getRuntime().halt(exitCode);
                },
                "stop"));
  }
}
