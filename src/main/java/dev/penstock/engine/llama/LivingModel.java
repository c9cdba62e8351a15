package dev.penstock.engine.llama;

import dev.penstock.base.Backoff;
import dev.penstock.models.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that is opened anew when its process has died. Where native code died of itself before it
 * made a single token, the next process has the code that any CPU runs. For use by many threads.
 */
final class LivingModel implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LivingModel.class);
  private static final int MOST_DEATHS = 3;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  /** The signals with which a program ends itself. */
  private static final Pattern BY_ITSELF =
      Pattern.compile("signal (4|6|7|8|11)\\b|SIG(ILL|ABRT|BUS|FPE|SEGV)\\b");

  /** The code that any CPU of its kind runs, as the names of the library's files end. */
  private static final String PLAIN = "x64";

  private final String name;
  private final ModelSource source;
  private final LlamaProcess process;
  private final Library library;
  private final ModelPlan plan;
  private final Quarantine quarantine;
  private final CountDownLatch closing = new CountDownLatch(1);

  /** Guarded by this, as all below. */
  private int times;

  private boolean plain;
  private boolean works;
  private @Nullable CompletableFuture<ModelInfo> opening;
  private volatile @Nullable ModelInfo info;

  /** Where the native library is. */
  interface Library {
    Path find() throws LlamaFailure;
  }

  LivingModel(
      String name,
      ModelSource source,
      LlamaProcess process,
      Library library,
      ModelPlan plan,
      Quarantine quarantine) {
    this.name = name;
    this.source = source;
    this.process = process;
    this.library = library;
    this.plan = plan;
    this.quarantine = quarantine;
  }

  LlamaProcess process() {
    return process;
  }

  ModelPlan plan() {
    return plan;
  }

  /** How often it was opened. */
  synchronized int times() {
    return times;
  }

  /** Whether it is being opened anew. */
  synchronized boolean isOpening() {
    return opening != null;
  }

  boolean closed() {
    return closing.getCount() == 0;
  }

  /** The process has made a token: its code is right for this machine. */
  synchronized void works() {
    works = true;
  }

  /** A text ended with its process. */
  synchronized void died(String reason) {
    if (!works && !plain && BY_ITSELF.matcher(reason).find()) {
      plain = true;
      LOG.warn(
          "model {}: {}, before it made a token; from now on it runs with the code for any CPU, which is slower",
          name,
          reason);
    }
  }

  /**
   * Opens it, where nobody has since then. Blocks for as long as that takes, pauses included.
   *
   * @param seen how often it had been opened
   * @throws LlamaFailure saying why it cannot be opened
   */
  ModelInfo open(int seen) throws LlamaFailure, InterruptedException {
    CompletableFuture<ModelInfo> asked;
    synchronized (this) {
      if (opening == null && times == seen) {
        var begun = new CompletableFuture<ModelInfo>();
        opening = begun;
        // Not on the caller's thread: who leaves must not leave others without it.
        Thread.ofVirtual().name("llama-open").start(() -> run(begun));
      }
      asked = opening;
    }
    if (asked == null) {
      return Objects.requireNonNull(info);
    }
    try {
      return asked.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof LlamaFailure failure ? failure : new LlamaFailure(e.toString());
    }
  }

  private void run(CompletableFuture<ModelInfo> begun) {
    try {
      ModelInfo opened = tryToOpen();
      synchronized (this) {
        info = opened;
        times++;
        works = false;
        opening = null;
      }
      begun.complete(opened);
    } catch (LlamaFailure | InterruptedException | RuntimeException | Error e) {
      synchronized (this) {
        opening = null;
      }
      begun.completeExceptionally(e);
    }
  }

  private ModelInfo tryToOpen() throws LlamaFailure, InterruptedException {
    quarantine.check(source);
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    for (int deaths = 1; ; deaths++) {
      try {
        Path folder = library.find();
        return process.open(folder, variant(folder), plan, _ -> {});
      } catch (LlamaProcess.Died e) {
        if (closed()) {
          throw e;
        }
        if (deaths == MOST_DEATHS) {
          quarantine.add(source, e.reason());
          throw e;
        }
        LOG.warn("model {}: its process died while it was opened: {}", name, e.reason());
        synchronized (this) {
          plain = true;
        }
        if (backoff.await(closing)) {
          throw e;
        }
      }
    }
  }

  /** Null: the best one for this machine. */
  private @Nullable String variant(Path folder) {
    synchronized (this) {
      if (!plain) {
        return null;
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.anyMatch(file ->
          file.getFileName().toString().matches("(lib)?ggml-cpu-" + PLAIN + "\\.[a-z]+"))
          ? PLAIN
          : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** Ends its process. Nothing opens it any more. */
  @Override
  public void close() {
    closing.countDown();
    process.close();
  }
}
