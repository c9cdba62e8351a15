package dev.penstock.start;

import dev.penstock.base.Version;
import dev.penstock.base.Visible;
import dev.penstock.cli.Io;
import dev.penstock.cli.StatusLine;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Logging;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader.Loaded;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.NativeLibraries;
import dev.penstock.engine.TriedOpening;
import dev.penstock.engine.calibrate.Calibration;
import dev.penstock.engine.calibrate.Comparison;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.types.embedding.EmbeddingSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Finds the figures that batches are made by, for models on this machine, without serving. */
@Command(
    name = "calibrate",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "Try how many runs side by side, and how large batches, are fastest on this machine.",
    description = {
      "",
      "Nothing else should run meanwhile. What is better by 5 %% than the device's own figures is"
          + " kept in the data folder; a server uses it when it next opens the model.",
      ""
    },
    footer = {
      "",
      "Exit codes: 0 measured, 1 a model could not be measured or the figures not be kept, 2 wrong"
          + " settings, options or models, 130 interrupted."
    })
public final class CalibrateCommand implements Callable<Integer> {
  private static final int OK = 0;
  private static final int INTERRUPTED = 130;
  private static final int LEAST_SECONDS = 5;
  private static final int MOST_SECONDS = 600;

  /** The exit code of a halt. */
  private volatile int halted = INTERRUPTED;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..*",
      description = "models to measure (embedding.model)")
  private List<String> models = List.of();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "about how long it takes for a model, 5 to 600 (30)")
  private int seconds = 30;

  @Option(names = "--dry-run", description = "keep nothing")
  private boolean dryRun;

  @Mixin private SettingOptions options = new SettingOptions();

  @Override
  public Integer call() {
    if (seconds < LEAST_SECONDS || seconds > MOST_SECONDS) {
      throw wrong("--seconds must be from " + LEAST_SECONDS + " to " + MOST_SECONDS);
    }
    Io io = Io.ofProcess();
    try {
      Loaded loaded = options.load(options.keys());
      Settings settings = loaded.settings();
      Logging.apply(settings.log());
      Logging.toStandardError();
      ModelCatalogue catalogue = Abilities.BUILT_IN.catalogue(settings);
      Set<ModelSpec> chosen = chosen(loaded, catalogue);
      DataFolder.prepare(settings.data().dir());
      NativeLibraries.prepare(settings.data().dir());
      // Left open: its thread must outlive the children, who end with this process.
      var children = new ChildProcesses(ChildCommand.MAIN, _ -> {});
      TriedOpening opening = TriedOpening.of(settings, catalogue, children);
      Calibration calibration = Calibration.on(settings, opening);
      if (!settings.inference().device().equals("auto")
          && !settings.inference().device().equals(calibration.device())) {
        io.complain(
            "calibrate: "
                + settings.inference().device()
                + " cannot be used, the log says why; nothing was measured");
        return ServeCommand.CANNOT_START;
      }
      // While models run a stop is a halt: ONNX Runtime's own hook frees what they use.
      var halt =
          new Thread(
              () -> {
                opening.stop();
                Runtime.getRuntime().halt(halted);
              },
              "stop");
      Runtime.getRuntime().addShutdownHook(halt);
      int code = measure(calibration, chosen, settings, io);
      return stopped(halt) ? INTERRUPTED : code;
    } catch (BadSettings e) {
      io.err().println("penstock calibrate cannot start with these settings:");
      e.problems().forEach(problem -> io.err().println("  " + problem));
      return ServeCommand.WRONG_SETTINGS;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return INTERRUPTED;
    } catch (ParameterException e) {
      throw e;
    } catch (IOException e) {
      io.complain(
          "calibrate: the data folder cannot be made: " + Visible.text("" + e.getMessage()));
      return ServeCommand.CANNOT_START;
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      halted = ServeCommand.CANNOT_START;
      io.complain("calibrate: " + Visible.text(ServeCommand.reason(e)));
      return ServeCommand.CANNOT_START;
    }
  }

  /** Whether the process is being stopped; if not, the hook is gone. */
  private static boolean stopped(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
      return false;
    } catch (IllegalStateException e) {
      return true;
    }
  }

  private Set<ModelSpec> chosen(Loaded settings, ModelCatalogue catalogue) {
    if (models.isEmpty()) {
      return Set.of(
          catalogue.require(
              "embedding.model",
              settings.group(EmbeddingSettings.class).model(),
              EmbeddingTraits.KIND));
    }
    Set<ModelSpec> chosen = new LinkedHashSet<>();
    for (String name : models) {
      chosen.add(
          catalogue
              .find(name, EmbeddingTraits.KIND)
              .orElseThrow(() -> wrong(whyNone(name, catalogue))));
    }
    return chosen;
  }

  private static String whyNone(String name, ModelCatalogue catalogue) {
    return catalogue
        .whyNone(name, EmbeddingTraits.KIND)
        .map(why -> "model " + name + " cannot be used: " + why)
        .orElseGet(() ->
            "no model is called " + Visible.quoted(name) + ": there are " + catalogue.names());
  }

  private ParameterException wrong(String why) {
    return new ParameterException(spec.commandLine(), why);
  }

  private int measure(Calibration calibration, Set<ModelSpec> chosen, Settings settings, Io io)
      throws InterruptedException {
    int code = OK;
    boolean changed = false;
    String gap = "";
    for (ModelSpec model : chosen) {
      var status = new StatusLine(io);
      try {
        Comparison comparison =
            calibration.compare(
                model,
                Duration.ofSeconds(seconds),
                text -> status.show(model.name() + ": " + text));
        status.end();
        print(io.out(), gap + CalibrationReport.of(comparison));
        gap = "\n";
        if (!dryRun) {
          boolean kept = calibration.keep(comparison);
          changed |= kept;
          print(io.out(), CalibrationReport.kept(comparison, kept));
        }
      } catch (ModelFailure | IOException e) {
        status.end();
        io.complain("calibrate: " + Visible.text(ServeCommand.reason(e)));
        code = ServeCommand.CANNOT_START;
      }
    }
    if (dryRun) {
      print(io.out(), "Nothing was kept: --dry-run.");
    } else if (changed) {
      print(io.out(), CalibrationReport.whenUsed(settings.inference()));
    }
    return code;
  }

  private static void print(PrintStream out, String text) {
    out.println(text);
    out.flush();
  }
}
