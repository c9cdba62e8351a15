package dev.penstock.inference;

import dev.penstock.inference.EmbeddingInput.Items;
import dev.penstock.inference.Tokenizer.Tokens;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.Truncation;
import dev.penstock.task.EmbeddingOutput;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/** Texts to vectors: parses, tokenises, and waits for the model's batcher. */
final class EmbeddingHandler implements TaskHandler {
  static final String TYPE = "embedding";

  /** Shorter lists are done before anybody could look. */
  private static final int PROGRESS_FROM = 64;

  private static final Duration NO_ROOM_DELAY = Duration.ofSeconds(1);

  /** The models that are open have to be idle first. */
  private static final Duration NO_MEMORY_DELAY = Duration.ofSeconds(5);

  private final ModelEngines engines;
  private final TokenizerThreads threads;

  EmbeddingHandler(ModelEngines engines, TokenizerThreads threads) {
    this.engines = engines;
    this.threads = threads;
  }

  @Override
  public String type() {
    return TYPE;
  }

  @Override
  public String inputSchema() {
    return Schemas.EMBEDDING_INPUT;
  }

  @Override
  public String outputSchema() {
    return Schemas.EMBEDDING_OUTPUT;
  }

  @Override
  public Outcome run(Task task, Control control) throws InterruptedException {
    String name = task.spec().lane().model();
    Optional<ModelSpec> spec = name == null ? Optional.empty() : engines.find(name);
    if (spec.isEmpty()) {
      return notFound(String.valueOf(name));
    }
    try {
      EmbeddingInput input = EmbeddingInput.parse(task.spec().input(), spec.get());
      return embed(task, control, spec.get(), input);
    } catch (InvalidInput e) {
      return e.reject();
    } catch (ModelFailure e) {
      if (e.getCause() instanceof Work.Stopped) {
        return new Outcome.Postpone(NO_ROOM_DELAY);
      }
      return engines.find(spec.get().name()).isEmpty() // its files turned out to be at fault
          ? notFound(spec.get().name())
          : new Outcome.Retry(new TaskError(TaskError.Code.INFERENCE_FAILED, e.reason()));
    } catch (RejectedExecutionException e) { // The tokenizers have more than enough to do.
      return new Outcome.Postpone(NO_ROOM_DELAY);
    }
  }

  private Outcome notFound(String model) {
    return new Outcome.Reject(
        new TaskError(TaskError.Code.MODEL_NOT_FOUND, engines.whyNone(model)));
  }

  private Outcome embed(Task task, Control control, ModelSpec spec, EmbeddingInput input)
      throws InterruptedException, InvalidInput, ModelFailure {
    Optional<ModelEngines.Use> use = engines.acquire(spec);
    if (use.isEmpty()) {
      return new Outcome.Postpone(NO_MEMORY_DELAY);
    }
    try (ModelEngines.Use open = use.get()) {
      return embed(task, control, spec, input, open.engine());
    }
  }

  private Outcome embed(
      Task task, Control control, ModelSpec spec, EmbeddingInput input, ModelEngine engine)
      throws InterruptedException, InvalidInput, ModelFailure {
    Truncation truncate = input.truncate() == null ? spec.truncate() : input.truncate();
    List<Tokens> texts = tokens(engine.tokenizer(), spec, input, truncate);
    long tokens = 0;
    int cut = 0;
    for (int i = 0; i < texts.size(); i++) {
      if (texts.get(i).cut() && truncate == Truncation.ERROR) {
        throw tooLong(spec, texts.get(i), i);
      }
      cut += texts.get(i).cut() ? 1 : 0;
      tokens += texts.get(i).ids().length;
    }
    if (tokens > EmbeddingInput.MAX_TOKENS) {
      throw new InvalidInput(
          "input has %d tokens in all, at most %d are allowed"
              .formatted(tokens, EmbeddingInput.MAX_TOKENS));
    }
    Optional<float[][]> vectors =
        engine.embed(
            task.spec().owner(),
            task.spec().priority(),
            texts,
            done -> {
              if (texts.size() > PROGRESS_FROM) {
                control.progress(new Progress(done, texts.size(), "texts"));
              }
            });
    if (vectors.isEmpty()) {
      return new Outcome.Postpone(NO_ROOM_DELAY);
    }
    return new Outcome.Done(
        EmbeddingOutput.of(spec.dimensions(), tokens, cut, vectors.get()).toOutput());
  }

  private List<Tokens> tokens(
      Tokenizer tokenizer, ModelSpec spec, EmbeddingInput input, Truncation truncate)
      throws InterruptedException, InvalidInput {
    return switch (input.items()) {
      case Items.Texts(List<String> texts) ->
          threads.encode(tokenizer, prefixed(texts, spec, input), truncate);
      case Items.TokenIds(List<int[]> lists) ->
          switch (spec.tokenIds()) {
            case CL100K_BASE ->
                threads.encode(tokenizer, prefixed(decode(lists), spec, input), truncate);
            case OWN -> own(tokenizer, lists, input);
            case REJECT -> throw new InvalidInput(spec.name() + " takes texts, not token ids");
          };
    };
  }

  private static List<String> prefixed(List<String> texts, ModelSpec spec, EmbeddingInput input) {
    String prefix = input.inputType() == null ? "" : spec.prefixes().get(input.inputType());
    return prefix == null || prefix.isEmpty()
        ? texts
        : texts.stream().map(text -> prefix + text).toList();
  }

  private static List<String> decode(List<int[]> lists) throws InvalidInput {
    List<String> texts = new ArrayList<>(lists.size());
    for (int i = 0; i < lists.size(); i++) {
      try {
        texts.add(Cl100k.decode(lists.get(i)));
      } catch (IllegalArgumentException e) {
        throw new InvalidInput("input item " + i + ": " + e.getMessage());
      }
    }
    return texts;
  }

  /** Pure Java: no thread of the tokenizers is needed. */
  private static List<Tokens> own(Tokenizer tokenizer, List<int[]> lists, EmbeddingInput input)
      throws InvalidInput {
    if (input.inputType() != null) {
      throw new InvalidInput("input_type needs texts: token ids are used as they are");
    }
    List<Tokens> all = new ArrayList<>(lists.size());
    for (int i = 0; i < lists.size(); i++) {
      try {
        all.add(tokenizer.wrap(lists.get(i)));
      } catch (IllegalArgumentException e) {
        throw new InvalidInput("input item " + i + ": " + e.getMessage());
      }
    }
    return all;
  }

  private static InvalidInput tooLong(ModelSpec spec, Tokens text, int index) {
    return new InvalidInput(
        TaskError.Code.CONTEXT_LENGTH_EXCEEDED,
        "the maximum context length of %s is %d tokens, but input item %d has %s%d tokens"
            .formatted(
                spec.name(),
                spec.maxTokens(),
                index,
                text.counted() ? "" : "at least ",
                text.length()));
  }
}
