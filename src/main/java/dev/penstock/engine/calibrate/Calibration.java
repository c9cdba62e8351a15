package dev.penstock.engine.calibrate;

import dev.penstock.config.Settings;
import dev.penstock.engine.Backends;
import dev.penstock.engine.BatchLimits;
import dev.penstock.engine.CannotOpenModel;
import dev.penstock.engine.Device;
import dev.penstock.engine.LoadedModel;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.OpenFailure;
import dev.penstock.engine.TriedOpening;
import dev.penstock.engine.calibrate.TrialRun.Outcome;
import dev.penstock.models.ModelFiles;
import dev.penstock.models.ModelSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Tries the figures that batches are made by against each other on this machine's device, and keeps
 * what came of it. Loads native code and blocks: for a platform thread. Nothing else should run.
 */
public final class Calibration {
  private static final int LEAST_TEXTS = 16;
  private static final int MOST_TEXTS = 100_000;

  /** The first warm-up run that takes this part of the time says how fast the model is. */
  private static final int WARM_UP_PART = 60;

  /** A turn that takes longer than this and all the time there was is given up. */
  private static final Duration TURN_LIMIT = Duration.ofMinutes(1);

  private final Device device;
  private final Path data;
  private final TriedOpening opening;

  Calibration(Device device, Path data, TriedOpening opening) {
    this.device = device;
    this.data = data;
    this.opening = opening;
  }

  /** Chooses the device. The data folder must be there. */
  public static Calibration on(Settings settings, TriedOpening opening) {
    return new Calibration(
        Backends.local().device(settings.inference().device()), settings.data().dir(), opening);
  }

  /** What models run on here, as settings write it. */
  public String device() {
    return device.name();
  }

  /**
   * Opens the model, runs every candidate and closes it again.
   *
   * @param time about how long it may take; more where the model is slow
   * @param progress hears what is done now
   * @throws ModelFailure when the model cannot be opened, or fails with the device's own figures
   */
  public Comparison compare(ModelSpec spec, Duration time, Consumer<String> progress)
      throws ModelFailure, InterruptedException {
    LoadedModel loaded = open(spec, progress);
    try {
      Comparison comparison = new Measuring(loaded, time, progress).compare();
      loaded.close();
      return comparison;
    } catch (ModelFailure e) {
      loaded.close();
      throw e;
    } // Otherwise a run may be under way, and would take the process down.
  }

  /**
   * Keeps the figures that are better; where none are, what was kept before is forgotten.
   *
   * @return whether something has changed
   */
  public boolean keep(Comparison comparison) throws IOException {
    CalibrationFile file = CalibrationFile.in(data);
    return switch (comparison.verdict()) {
      case Verdict.Stays() -> file.remove(comparison.key());
      case Verdict.Better(Trial trial, double ratio) -> {
        file.put(
            comparison.key(),
            new Calibrated(
                trial.threads(), trial.tokenBudget(), LocalDate.now(ZoneOffset.UTC), ratio));
        yield true;
      }
    };
  }

  private LoadedModel open(ModelSpec spec, Consumer<String> progress)
      throws ModelFailure, InterruptedException {
    try {
      ModelFiles files =
          spec.sources().stream()
              .filter(ModelFiles.class::isInstance)
              .map(ModelFiles.class::cast)
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("it has no files to run here"));
      return opening.open(spec, () -> Backends.local().load(spec, files, device, data), progress);
    } catch (IOException | CannotOpenModel | RuntimeException e) {
      throw new ModelFailure(spec.name(), new IOException(OpenFailure.describe(spec, e), e));
    }
  }

  /** One model's turns. */
  private static final class Measuring {
    private final LoadedModel loaded;
    private final Duration time;
    private final Consumer<String> progress;
    private final BatchLimits standard;
    private final List<BatchLimits> candidates;
    private final SampleTexts samples;
    private final long start = System.nanoTime();
    private int round;
    private long roundStart;

    Measuring(LoadedModel loaded, Duration time, Consumer<String> progress) {
      this.loaded = loaded;
      this.time = time;
      this.progress = progress;
      this.standard = BatchLimits.standard(loaded.model().device());
      this.candidates = BatchLimits.candidates(loaded.model().device());
      this.samples = new SampleTexts(loaded.tokenizer());
    }

    Comparison compare() throws ModelFailure, InterruptedException {
      List<int[]> texts = samples.mixed(turnSize(warmUp()));
      long tokens = texts.stream().mapToLong(ids -> ids.length).sum();
      Map<BatchLimits, String> out = stretch(tokens);
      if (out.containsKey(standard)) {
        throw failed(out.get(standard));
      }
      List<BatchLimits> running =
          candidates.stream().filter(limits -> !out.containsKey(limits)).toList();
      Map<BatchLimits, Trial> trials =
          new Contest(
                  running, standard, (round, limits) -> turn(round, limits, texts), this::timeLeft)
              .run();
      Trial own = Objects.requireNonNull(trials.get(standard));
      if (own.failure() != null) {
        throw failed(own.failure());
      }
      List<Trial> all =
          candidates.stream()
              .map(limits ->
                  Optional.ofNullable(trials.get(limits)).orElseGet(() -> out(limits, out)))
              .toList();
      return new Comparison(
          CalibrationKey.of(loaded),
          texts.size(),
          samples.shortest(),
          samples.longest(),
          own,
          all,
          Verdict.of(own, all));
    }

    private static Trial out(BatchLimits limits, Map<BatchLimits, String> why) {
      return new Trial(limits.threads(), limits.tokenBudget(), List.of(), why.get(limits));
    }

    /** Texts a second with the device's own figures. */
    private double warmUp() throws ModelFailure, InterruptedException {
      progress.accept("warming up");
      for (int count = LEAST_TEXTS; ; count *= 2) {
        long begun = System.nanoTime();
        switch (run(standard, samples.mixed(count))) {
          case Outcome.Failed(String why) -> throw failed(why);
          case Outcome.Done(double rate) -> {
            if (count >= MOST_TEXTS || since(begun) * WARM_UP_PART >= time.toNanos()) {
              return rate;
            }
          }
        }
      }
    }

    /**
     * Runs the largest batches of each candidate once. The first of a size makes room for it, which
     * must not be measured; and a turn of mixed texts may have none as large.
     *
     * @param tokens of a turn
     * @return who is out, and why
     */
    private Map<BatchLimits, String> stretch(long tokens) throws InterruptedException {
      Map<BatchLimits, String> out = new HashMap<>();
      for (BatchLimits limits : candidates.reversed()) {
        if (full(limits) > tokens) {
          out.put(limits, "takes more --seconds to tell");
        } else {
          progress.accept("warming up, " + words(limits));
          if (run(limits, samples.ofTokens(full(limits))) instanceof Outcome.Failed(String why)) {
            out.put(limits, why);
          }
        }
      }
      return out;
    }

    /** Tokens that fill all its runs. */
    private static int full(BatchLimits limits) {
      return limits.threads() * limits.tokenBudget();
    }

    /** So many that the time is enough, but at least as many as fill the device's own batches. */
    private int turnSize(double rate) {
      double seconds = (time.toNanos() - since(start)) / (double) TimeUnit.SECONDS.toNanos(1);
      int turns = (1 + Contest.ROUNDS) * candidates.size() + 2 * Contest.FINAL_ROUNDS;
      int least = LEAST_TEXTS;
      while (samples.mixed(least).stream().mapToInt(ids -> ids.length).sum() < full(standard)) {
        least *= 2;
      }
      return (int) Math.clamp(rate * seconds / turns, least, Math.max(least, MOST_TEXTS));
    }

    private Outcome turn(int round, BatchLimits limits, List<int[]> texts)
        throws InterruptedException {
      if (round > this.round) {
        this.round = round;
        roundStart = System.nanoTime();
      }
      progress.accept("round " + round + ", " + words(limits));
      return run(limits, texts);
    }

    /** Asked between rounds: whether one more like the last one fits in. */
    private boolean timeLeft() {
      return since(start) + since(roundStart) <= time.toNanos();
    }

    private Outcome run(BatchLimits limits, List<int[]> texts) throws InterruptedException {
      return TrialRun.run(limits, loaded.model(), texts, time.plus(TURN_LIMIT));
    }

    private ModelFailure failed(String why) {
      return new ModelFailure(
          loaded.spec().name(),
          new IOException("with the device's own figures (" + words(standard) + "): " + why));
    }

    private static String words(BatchLimits limits) {
      return String.format(Locale.ROOT, "%d × %,d tokens", limits.threads(), limits.tokenBudget());
    }

    private static long since(long nanos) {
      return System.nanoTime() - nanos;
    }
  }
}
