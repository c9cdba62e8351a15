package dev.penstock.types.generation;

import dev.penstock.core.TimeLimit;
import dev.penstock.core.TimedControl;
import dev.penstock.engine.GenerationEnd;
import dev.penstock.engine.GenerationPiece;
import dev.penstock.engine.GenerationRequest;
import dev.penstock.engine.Generator;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.ModelFailure;
import dev.penstock.models.GenerationTraits;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskOutput;
import dev.penstock.types.ModelRuns;
import dev.penstock.types.TaskType;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Requests to answers: each piece is emitted as it comes, and the result has them all. */
final class GenerationHandler implements TaskHandler {
  private static final long CHECKPOINT_EVERY = TimeUnit.MILLISECONDS.toNanos(500);

  private final ModelRuns runs;
  private final int mostTokens;

  /**
   * @param mostTokens of an answer, where the request does not say
   */
  GenerationHandler(ModelEngines engines, int mostTokens) {
    this.runs = new ModelRuns(engines, GenerationTraits.KIND);
    this.mostTokens = mostTokens;
  }

  @Override
  public String type() {
    return GenerationType.NAME;
  }

  @Override
  public String inputSchema() {
    return GenerationSchemas.INPUT;
  }

  @Override
  public String outputSchema() {
    return GenerationSchemas.OUTPUT;
  }

  @Override
  public Outcome run(Task task, Control control) throws InterruptedException {
    return runs.run(
        task.spec(),
        model -> {
          GenerationInput input = GenerationInput.of(task.spec().input());
          GenerationRequest request = input.request(task.id(), mostTokens);
          return use ->
              generate(task, control, input, model.name(), request, use.engine(Generator.class));
        });
  }

  private static Outcome generate(
      Task task,
      Control control,
      GenerationInput input,
      String model,
      GenerationRequest request,
      Generator generator)
      throws InterruptedException, ModelFailure {
    // What is said of chances is in no token's id.
    String by = request.topLogprobs() == null ? generator.resumes() : null;
    var listener = new Listener(task, control, request, by);
    listener.resume();
    GenerationEnd end;
    try {
      end = generator.generate(request, listener);
    } finally {
      listener.checkpoint();
    }
    if (listener.answers.tooLong()) {
      return new Outcome.Reject(
          new TaskError(TaskError.Code.INVALID_INPUT, "the answer is longer than can be kept"));
    }
    var whole =
        new Completion(
            input.shape(),
            task.id().value(),
            task.createdAt().getEpochSecond(),
            model,
            listener.answers,
            end);
    byte[] json = whole.toJson();
    return json.length > TaskType.MAX_RESULT
        ? new Outcome.Reject(
            new TaskError(TaskError.Code.INVALID_INPUT, "the answer is longer than can be kept"))
        : new Outcome.Done(new TaskOutput(TaskOutput.Format.JSON, json));
  }

  /** A task that asks for answers. Its pieces come from one thread at a time. */
  private static final class Listener implements Generator.Asker {
    private final Task task;
    private final Control control;
    private final Answers answers;
    private final long mostTokens;
    private final int choices;

    /** Null: the next run cannot go on from it. */
    private final @Nullable String by;

    private @Nullable Told told;
    private List<int[]> before = List.of();

    /** Of each choice, so many pieces were emitted by earlier runs. */
    private int[] known;

    private long tokens;
    private long keptAt = System.nanoTime();

    Listener(Task task, Control control, GenerationRequest request, @Nullable String by) {
      this.task = task;
      this.control = control;
      this.by = by;
      choices = request.choices();
      answers = new Answers(choices);
      known = new int[choices];
      told = by == null ? null : new Told(by, choices);
      Integer most = request.mostTokens();
      mostTokens = most == null ? 0 : (long) most * choices;
    }

    /** Goes on from what an earlier run has left, where that can be. */
    synchronized void resume() throws InterruptedException {
      Told earlier = by == null ? null : Told.of(control.checkpoint(), by, choices);
      if (earlier == null) {
        return;
      }
      earlier.takeOver(control.heard(earlier.emitted()));
      if (!earlier.ids().isEmpty()) {
        control.emitFrom(earlier.emitted());
        told = earlier;
        known = earlier.pieces();
        before = earlier.ids();
      }
    }

    @Override
    public String owner() {
      return task.spec().owner();
    }

    @Override
    public Priority priority() {
      return task.spec().priority();
    }

    @Override
    public @Nullable TimeLimit limit() {
      return TimedControl.of(control);
    }

    @Override
    public List<int[]> before() {
      return before;
    }

    @Override
    public synchronized void piece(GenerationPiece piece) {
      answers.add(piece);
      tokens += piece.ids().length;
      control.progress(new Progress(tokens, Math.max(tokens, mostTokens), "tokens"));
      if (known[piece.choice()] > 0) {
        known[piece.choice()]--;
        return;
      }
      List<byte[]> parts = PieceJson.write(piece);
      for (byte[] part : parts) {
        control.emit(new TaskOutput(TaskOutput.Format.JSON, part));
      }
      Told telling = told;
      if (telling != null) {
        telling.add(piece.choice(), piece.ids(), parts.size());
        if (System.nanoTime() - keptAt >= CHECKPOINT_EVERY) {
          checkpoint();
        }
      }
    }

    synchronized void checkpoint() {
      Told telling = told;
      keptAt = System.nanoTime();
      if (telling == null) {
        if (control.checkpoint() != null) {
          control.checkpoint(Told.NOTHING);
        }
        return;
      }
      byte[] bytes = telling.toBytes();
      control.checkpoint(bytes);
      if (bytes.length == 0) {
        told = null; // it only grows
      }
    }
  }
}
