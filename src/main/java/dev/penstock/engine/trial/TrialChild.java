package dev.penstock.engine.trial;

import dev.penstock.config.Logging;
import dev.penstock.engine.Backends;
import dev.penstock.engine.CannotOpenModel;
import dev.penstock.engine.Device;
import dev.penstock.engine.LoadedModel;
import dev.penstock.engine.OpenFailure;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelPlace;
import dev.penstock.models.ModelSpec;
import dev.penstock.subprocess.ChildProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Opens a model as the server would, on the CPU, and gives it texts of all kinds, in a process that
 * may die of it.
 */
public final class TrialChild implements ChildProgram {
  /** Less than a thread of the server has, so that what is deep for it is too deep here. */
  private static final long STACK_BYTES = 768 << 10;

  /** What the kernel ends first when memory is short, in place of the server. */
  private static final Path KILL_ORDER = Path.of("/proc/self/oom_score_adj");

  private static final String FIRST = "1000";
  private static final int MOST_TOKENS = 64;

  @Override
  public byte[] answer(byte[] request) throws Exception {
    TrialRequest asked = TrialRequest.read(request);
    Logging.off(); // what it says of the model is said again when that opens
    offerItself();
    asked.properties().forEach(System::setProperty);
    var trial = new FutureTask<>(() -> end(asked));
    Thread.ofPlatform().name("trial").stackSize(STACK_BYTES).daemon().start(trial);
    try {
      return trial.get().bytes();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e;
    }
  }

  private static void offerItself() {
    try {
      Files.writeString(KILL_ORDER, FIRST);
    } catch (IOException e) {
      // Another system than Linux, or one that does not allow it.
    }
  }

  private static TrialEnd end(TrialRequest asked) {
    ModelPlace.Content content;
    try {
      content = asked.place().read();
    } catch (IOException e) {
      return new TrialEnd(TrialEnd.Kind.NOT_NOW, String.valueOf(e.getMessage()));
    }
    if (!content.fingerprint().equals(asked.fingerprint())) {
      return new TrialEnd(TrialEnd.Kind.NOT_NOW, "its files are changing");
    }
    ModelSpec spec = content.spec();
    try {
      open(spec, asked.data());
      return new TrialEnd(TrialEnd.Kind.PASSED, "");
    } catch (StackOverflowError e) {
      return new TrialEnd(TrialEnd.Kind.BROKEN, "a file of it is nested too deeply");
    } catch (IOException | CannotOpenModel | RuntimeException e) {
      return new TrialEnd(
          OpenFailure.lasts(spec, e) ? TrialEnd.Kind.BROKEN : TrialEnd.Kind.NOT_NOW,
          OpenFailure.describe(spec, e));
    }
  }

  private static void open(ModelSpec spec, Path data) throws IOException, CannotOpenModel {
    try (LoadedModel model =
        Backends.local().load(spec, spec.sources().getFirst(), new Device.Cpu(), data)) {
      for (String text : TrialTexts.letters()) {
        survives(() -> model.tokenizer().encode(text, Truncation.END));
      }
      for (String text : TrialTexts.usual()) {
        survives(() -> {
          int[] ids = model.tokenizer().encode(text, Truncation.END).ids();
          return model.model().run(List.of(Arrays.copyOf(ids, Math.min(ids.length, MOST_TOKENS))));
        });
      }
    }
  }

  /** Whether it is an error is no matter: so it will be for whoever sends such a text. */
  private static void survives(Callable<?> attempt) {
    try {
      Object _ = attempt.call();
    } catch (Exception e) {
      // It has lived through it.
    }
  }
}
