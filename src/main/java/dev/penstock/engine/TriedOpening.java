package dev.penstock.engine;

import dev.penstock.config.Settings;
import dev.penstock.engine.trial.Trials;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.models.ModelPlace;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildProcesses;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Opens a model as a server does, for who serves nobody meanwhile: a child process first where it
 * is in a directory, and only the files that the child saw.
 */
public final class TriedOpening {
  private final ModelCatalogue catalogue;
  private final @Nullable Trials trials;

  TriedOpening(ModelCatalogue catalogue, @Nullable Trials trials) {
    this.catalogue = catalogue;
    this.trials = trials;
  }

  /** One by the settings: {@code model.trial} may say that nothing is tried. */
  public static TriedOpening of(
      Settings settings, ModelCatalogue catalogue, ChildProcesses children) {
    return new TriedOpening(
        catalogue, settings.model().trial() ? Trials.in(children, settings.data().dir()) : null);
  }

  /** What opens it in this process. */
  public interface Load {
    LoadedModel load() throws IOException, CannotOpenModel;
  }

  /**
   * Blocks, for minutes where the files are large.
   *
   * @param progress hears what is done now
   */
  public LoadedModel open(ModelSpec spec, Load load, Consumer<String> progress)
      throws IOException, CannotOpenModel, InterruptedException {
    Optional<ModelPlace> place = catalogue.place(spec);
    if (trials == null || place.isEmpty()) {
      progress.accept("opening");
      return load.load();
    }
    String files = place.get().read().fingerprint();
    if (!trials.passed(spec.name(), files)) {
      progress.accept("trying to open it in another process");
      trials.run(spec, place.get(), files);
    }
    progress.accept("opening");
    trials.begin(spec.name());
    LoadedModel loaded;
    try {
      loaded = load.load();
    } finally {
      trials.end(spec.name());
    }
    if (!place.get().read().fingerprint().equals(files)) {
      loaded.close();
      throw new IOException("its files are changing");
    }
    return loaded;
  }

  /** The process ends in order: whatever is being opened is not to blame. */
  public void stop() {
    if (trials != null) {
      trials.stop();
    }
  }
}
