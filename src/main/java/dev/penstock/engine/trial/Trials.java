package dev.penstock.engine.trial;

import dev.penstock.base.Version;
import dev.penstock.engine.Backends;
import dev.penstock.engine.CannotOpenModel;
import dev.penstock.engine.NativeLibraries;
import dev.penstock.models.ModelFiles;
import dev.penstock.models.ModelPlace;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildAnswer;
import dev.penstock.subprocess.ChildLimits;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.subprocess.Subprocess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a child process open what somebody has put into {@code models.dir}, before this process does:
 * native code that aborts over a file takes the child down and nothing else. What came of it is
 * kept in the data folder until the files change, or the program does.
 */
public final class Trials {
  /** The name of the program that the child runs. */
  public static final String CHILD = "opening";

  private static final Logger LOG = LoggerFactory.getLogger(Trials.class);

  /** What does not fit into half of this heap is not opened beside all that is in it. */
  private static final int HEAP_SHARE = 2;

  private static final int LEAST_HEAP_MIB = 64;
  private static final int MOST_HEAP_MIB = 1_024;

  /** The buffers of a run: nothing else takes any. */
  private static final int DIRECT_MIB = 512;

  private static final int MESSAGE = 1 << 16;
  private static final long PRINTED = 16 << 20;
  private static final Duration START = Duration.ofSeconds(30);
  private static final Duration IDLE = Duration.ofMinutes(1);

  /** For the slowest of machines; a trial takes about a second, and the time to read the files. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final long BYTES_A_SECOND = 4 << 20;
  private static final int MOST_REASON = 600;

  private final Subprocess child;
  private final Path data;
  private final int heapMib;
  private final Verdicts verdicts;

  /** The model that this process is opening itself. */
  private volatile @Nullable String opening;

  private Trials(Subprocess child, Path data, int heapMib) {
    this.child = child;
    this.data = data;
    this.heapMib = heapMib;
    this.verdicts = Verdicts.in(data);
  }

  /**
   * Starts no process yet.
   *
   * @param data the data folder
   */
  public static Trials in(ChildProcesses children, Path data) {
    long heap = (Runtime.getRuntime().maxMemory() / HEAP_SHARE) >> 20;
    int heapMib = Math.clamp(heap, LEAST_HEAP_MIB, MOST_HEAP_MIB);
    var limits = new ChildLimits(heapMib, DIRECT_MIB, MESSAGE, MESSAGE, PRINTED, START, IDLE);
    return new Trials(children.open(CHILD, limits), data.toAbsolutePath(), heapMib);
  }

  /**
   * Whether these files have passed. One that the last process has died over while it opened it has
   * not, whatever was found before.
   *
   * @param fingerprint of its files
   * @throws CannotOpenModel when they were tried and cannot be opened
   */
  public boolean passed(String model, String fingerprint) throws CannotOpenModel {
    if (verdicts.suspect(model)) {
      return false;
    }
    Optional<Verdicts.Verdict> known = verdicts.find(model, key(fingerprint));
    if (known.isPresent() && known.get().broken() != null) {
      throw cannot(known.get().broken(), false);
    }
    return known.isPresent();
  }

  /**
   * Tries it: returns when it has passed and the child's memory is free again. Blocks, for minutes
   * where the model's files are large and slow to read.
   *
   * @param fingerprint of the files that are meant
   * @throws CannotOpenModel when it has not passed
   */
  public void run(ModelSpec spec, ModelPlace place, String fingerprint)
      throws CannotOpenModel, InterruptedException {
    String name = place.name();
    if (verdicts.suspect(name)) {
      LOG.warn("model {}: the program ended while it opened it; it is tried once more", name);
    }
    var request = new TrialRequest(place, fingerprint, data, NativeLibraries.places());
    ChildAnswer answer = child.call(request.bytes(), limit(spec));
    child.end();
    Optional<String> broken = broken(answer);
    if (!fingerprint(place).equals(fingerprint)) {
      throw cannot("its files are changing", true);
    }
    verdicts.put(name, key(fingerprint), broken.orElse(null));
    verdicts.unmark(name);
    if (broken.isPresent()) {
      throw cannot(broken.get(), false);
    }
    LOG.debug("model {} has passed its trial", name);
  }

  /** This process opens it now. Should that be its end, the next one knows. */
  public void begin(String model) {
    opening = model;
    verdicts.mark(model);
  }

  /** This process has lived through it. */
  public void end(String model) {
    verdicts.unmark(model);
    opening = null;
  }

  /** The process ends in order: if it is opening a model still, that one is not to blame. */
  public void stop() {
    String left = opening;
    if (left != null) {
      verdicts.unmark(left);
    }
  }

  /**
   * Why it can never be opened; empty when it can.
   *
   * @throws CannotOpenModel when it may be another time
   */
  private static Optional<String> broken(ChildAnswer answer) throws CannotOpenModel {
    return switch (answer) {
      case ChildAnswer.Answered(byte[] bytes) -> {
        TrialEnd end = TrialEnd.of(bytes);
        yield switch (end.kind()) {
          case PASSED -> Optional.empty();
          case BROKEN -> Optional.of(end.reason());
          case NOT_NOW -> throw cannot(end.reason(), true);
        };
      }
      case ChildAnswer.Crashed crashed -> {
        String reason = "tried before its first use, " + crashed.reason();
        if (crashed.perhapsFromOutside()) {
          throw cannot(reason, true);
        }
        yield Optional.of(
            reason.length() <= MOST_REASON ? reason : reason.substring(0, MOST_REASON) + "…");
      }
      case ChildAnswer.Refused(String error) -> throw cannot("it cannot be tried: " + error, true);
      case ChildAnswer.Unavailable(String reason, _) ->
          throw cannot("it cannot be tried: " + reason, true);
    };
  }

  private static CannotOpenModel cannot(@Nullable String reason, boolean mayPass) {
    return new CannotOpenModel(new IOException(reason), mayPass);
  }

  private static String fingerprint(ModelPlace place) throws CannotOpenModel {
    try {
      return place.read().fingerprint();
    } catch (IOException e) {
      throw new CannotOpenModel(e, true); // it could be read a moment ago
    }
  }

  /** What a verdict holds for: these files, opened by this program. */
  private String key(String fingerprint) {
    return "%s %s %s %d"
        .formatted(fingerprint, Version.current(), Backends.local().version(), heapMib);
  }

  private static Duration limit(ModelSpec spec) {
    long bytes =
        spec.sources().stream()
            .mapToLong(source -> source instanceof ModelFiles.Folder files ? files.bytes() : 0)
            .sum();
    return LIMIT.plusSeconds(bytes / BYTES_A_SECOND);
  }
}
