package dev.penstock.types.plugin;

import dev.penstock.base.Visible;
import dev.penstock.core.Part;
import dev.penstock.task.TaskHandler;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The task types that users bring: every jar of a folder, each in a class loader of its own. What
 * is wrong with one is told, once in the log and from then on in the health, and harms nothing
 * else.
 */
public final class Plugins implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Plugins.class);
  private static final String SERVICE = "META-INF/services/" + TaskHandler.class.getName();
  private static final int MOST_HANDLERS = 100;
  private static final int PROBLEMS_TOLD = 5;

  /** How long a handler may take to be made and to say what it is: the start waits for it. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Set<String> taken;
  private final List<TaskHandler> handlers = new ArrayList<>();
  private final List<Part> parts = new ArrayList<>();
  private final List<URLClassLoader> loaders = new ArrayList<>();
  private final Duration patience;

  private Plugins(Collection<String> taken, Duration patience) {
    this.taken = new HashSet<>(taken);
    this.patience = patience;
  }

  /**
   * Loads what is in the folder, in the order of the jars' names. Runs their constructors.
   *
   * @param folder need not exist
   * @param taken the types that are the program's own
   */
  public static Plugins load(Path folder, Collection<String> taken) {
    return load(folder, taken, PATIENCE);
  }

  static Plugins load(Path folder, Collection<String> taken, Duration patience) {
    var plugins = new Plugins(taken, patience);
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        files
            .filter(file -> file.getFileName().toString().endsWith(".jar"))
            .sorted()
            .forEach(plugins::loadJar);
      } catch (IOException | RuntimeException e) {
        plugins.tell("plugins", List.of(), List.of("cannot read the folder " + folder + ": " + e));
      }
    }
    return plugins;
  }

  public List<TaskHandler> handlers() {
    return List.copyOf(handlers);
  }

  /** One for each jar. They are never unready: the program does its own work without them. */
  public List<Part> parts() {
    return List.copyOf(parts);
  }

  private void loadJar(Path jar) {
    var types = new ArrayList<String>();
    var problems = new ArrayList<String>();
    try {
      if (!Files.isRegularFile(jar)) {
        throw new IOException("it is no file");
      }
      // A class loader passes over a file that is no jar without a word.
      try (var file = new JarFile(jar.toFile())) {
        if (file.getEntry(SERVICE) == null) {
          problems.add("it has no " + SERVICE);
        }
      }
      if (problems.isEmpty()) {
        var loader =
            new URLClassLoader(
                jar.getFileName().toString(), new URL[] {jar.toUri().toURL()}, new PluginParent());
        loaders.add(loader);
        loadHandlers(loader, types, problems);
        if (types.isEmpty() && problems.isEmpty()) {
          problems.add("it names no handler");
        }
      }
    } catch (IOException e) {
      problems.add("it is not a readable jar: " + e.getMessage());
    }
    tell("plugin " + jar.getFileName(), types, problems);
  }

  private void loadHandlers(ClassLoader loader, List<String> types, List<String> problems) {
    Iterator<TaskHandler> provided = ServiceLoader.load(TaskHandler.class, loader).iterator();
    // After an error the iterator promises nothing, so its turns are counted.
    for (int turn = 0; turn <= MOST_HANDLERS; turn++) {
      try {
        PluginHandler handler = next(provided, loader);
        if (handler == null) {
          return;
        }
        if (turn == MOST_HANDLERS) {
          break;
        }
        String problem = problem(handler);
        if (problem == null) {
          taken.add(handler.type());
          handlers.add(handler);
          types.add(handler.type());
        } else {
          problems.add(problem);
        }
      } catch (ServiceConfigurationError e) {
        problems.add(e.getCause() == null ? e.getMessage() : e.getMessage() + ": " + e.getCause());
      } catch (TimeoutException | InterruptedException e) {
        problems.add(
            "a handler could not be made and asked what it is within %d s"
                .formatted(patience.toSeconds()));
        return; // the thread that was left behind still has the iterator
      } catch (RuntimeException | Error e) {
        problems.add("a handler cannot be asked what it is: " + e);
      }
    }
    problems.add("it names more than " + MOST_HANDLERS + " handlers");
  }

  /**
   * Null after the last one. Only here does the plugin's code run: in its own context, and on a
   * thread that it may keep.
   */
  private @Nullable PluginHandler next(Iterator<TaskHandler> provided, ClassLoader loader)
      throws TimeoutException, InterruptedException {
    var made =
        new FutureTask<@Nullable PluginHandler>(
            () -> provided.hasNext() ? PluginHandler.of(provided.next()) : null);
    Thread thread = Thread.ofPlatform().name("plugin").daemon().unstarted(made);
    thread.setContextClassLoader(loader);
    thread.start();
    try {
      return made.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException mistake -> throw mistake;
        case Error mistake -> throw mistake;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  private @Nullable String problem(PluginHandler handler) {
    String problem = handler.problem();
    return problem == null && taken.contains(handler.type())
        ? "the type " + handler.type() + " is taken"
        : problem;
  }

  private void tell(String name, List<String> types, List<String> problems) {
    String good = types.isEmpty() ? "" : "task types: " + String.join(", ", types);
    if (problems.isEmpty()) {
      LOG.info("{}: {}", name, good);
      parts.add(new Part(Visible.text(name), true, good));
    } else {
      String bad =
          "not loaded: " + problems.stream().limit(PROBLEMS_TOLD).collect(Collectors.joining("; "));
      LOG.warn("{}: {}", name, bad);
      String all = good.isEmpty() ? bad : good + "; " + bad;
      parts.add(new Part(Visible.text(name), true, Visible.text(all)));
    }
  }

  /** After the last handler has returned: classes not loaded yet can then be loaded no more. */
  @Override
  public void close() {
    for (URLClassLoader loader : loaders) {
      try {
        loader.close();
      } catch (IOException e) {
        LOG.warn("closing {}: {}", loader.getName(), e.getMessage());
      }
    }
  }
}
