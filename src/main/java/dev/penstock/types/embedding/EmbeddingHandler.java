package dev.penstock.types.embedding;

import dev.penstock.core.Immediate;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.ReadInput;
import dev.penstock.engine.ModelEngine;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.Tokenizer;
import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.engine.TokenizerThreads;
import dev.penstock.engine.UpcomingTokens;
import dev.penstock.engine.Work;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.Truncation;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;

/** Texts to vectors: parses, tokenises, and waits for the model's batcher. */
public final class EmbeddingHandler implements Immediate {
  public static final String TYPE = EmbeddingType.NAME;

  private static final Duration NO_ROOM_DELAY = Duration.ofSeconds(1);

  /** The models that are open have to be idle first. */
  private static final Duration NO_MEMORY_DELAY = Duration.ofSeconds(5);

  /** Its vectors are neither kept nor could they be run now. */
  private static final Outcome UNKNOWN = new Outcome.Postpone(NO_ROOM_DELAY);

  private static final Duration SOON = Duration.ofSeconds(1);
  private static final Duration NOT_LONG = Duration.ofSeconds(10);

  private final ModelEngines engines;
  private final TokenizerThreads threads;
  private final VectorCache cache;

  public EmbeddingHandler(ModelEngines engines, TokenizerThreads threads, VectorCache cache) {
    this.engines = engines;
    this.threads = threads;
    this.cache = cache;
  }

  @Override
  public String type() {
    return TYPE;
  }

  /** Its model is open, gets to it within a second, and has done with it within ten. */
  @Override
  public boolean free(TaskSpec spec, ReadInput input) {
    Optional<ModelEngines.Use> open = model(spec).flatMap(engines::acquireOpen);
    if (open.isEmpty()) {
      return false;
    }
    try (ModelEngines.Use use = open.get()) {
      ModelEngine engine = use.engine();
      return engine.timed()
          && engine.waitFor(spec.priority()).compareTo(SOON) < 0
          && engine.timeFor(work(input).items().tokens(engine.longest())).compareTo(NOT_LONG) < 0;
    }
  }

  @Override
  public String inputSchema() {
    return EmbeddingSchemas.INPUT;
  }

  @Override
  public String outputSchema() {
    return EmbeddingSchemas.OUTPUT;
  }

  @Override
  public Outcome run(Task task, Control control) throws InterruptedException {
    return run(task.spec(), control, model -> EmbeddingInput.of(task.spec().input(), model).work());
  }

  @Override
  public Outcome run(TaskSpec spec, ReadInput input, Control control) throws InterruptedException {
    return run(spec, control, _ -> work(input));
  }

  private static EmbeddingWork work(ReadInput input) {
    return (EmbeddingWork) input;
  }

  /**
   * Whether vectors are known is told by their tokens, and a caller who then waits all the same has
   * had them made for nothing: of a few short texts, on this thread, that is next to nothing.
   */
  @Override
  public Outcome known(TaskSpec task, ReadInput read) throws InterruptedException {
    Optional<ModelSpec> spec = model(task);
    EmbeddingWork input = work(read);
    if (cache.isEmpty() || spec.isEmpty() || !isShort(input, spec.get())) {
      return UNKNOWN;
    }
    Optional<ModelEngines.Use> open = engines.acquireOpen(spec.get());
    if (open.isEmpty()) {
      return UNKNOWN;
    }
    try (ModelEngines.Use use = open.get()) {
      ModelEngine engine = use.engine();
      String owner = task.owner();
      return embed(
          spec.get(),
          input,
          engine.tokenizer(),
          texts -> cache.known(engine.identity(), owner, texts));
    } catch (InvalidInput e) {
      return e.reject();
    } catch (ModelFailure | RejectedExecutionException e) {
      return UNKNOWN;
    }
  }

  private static boolean isShort(EmbeddingWork input, ModelSpec spec) {
    return input.items() instanceof EmbeddingItems.Texts(List<String> texts)
        && TokenizerThreads.isShort(prefixed(texts, spec, input));
  }

  private interface Input {
    EmbeddingWork of(ModelSpec model);
  }

  private Outcome run(TaskSpec task, Control control, Input input) throws InterruptedException {
    Optional<ModelSpec> spec = model(task);
    if (spec.isEmpty()) {
      return notFound(String.valueOf(task.lane().model()));
    }
    try {
      return embed(task, control, spec.get(), input.of(spec.get()));
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

  private Optional<ModelSpec> model(TaskSpec task) {
    String name = task.lane().model();
    return name == null ? Optional.empty() : engines.find(name);
  }

  private Outcome notFound(String model) {
    return new Outcome.Reject(
        new TaskError(TaskError.Code.MODEL_NOT_FOUND, engines.whyNone(model)));
  }

  private Outcome embed(TaskSpec task, Control control, ModelSpec spec, EmbeddingWork input)
      throws InterruptedException, ModelFailure {
    Optional<ModelEngines.Use> use = engines.acquire(spec);
    if (use.isEmpty()) {
      return new Outcome.Postpone(NO_MEMORY_DELAY);
    }
    try (ModelEngines.Use open = use.get()) {
      ModelEngine engine = open.engine();
      try (UpcomingTokens.Arrival coming =
          engine.announce(task.priority(), input.items().tokens(spec.maxTokens()))) {
        return embed(
            spec,
            input,
            engine.tokenizer(),
            texts -> vectors(task, control, engine, texts, coming));
      }
    }
  }

  /** Those that are not kept are run; empty: there is no room for them. */
  private Optional<float[][]> vectors(
      TaskSpec task,
      Control control,
      ModelEngine engine,
      List<Tokens> texts,
      UpcomingTokens.Arrival coming)
      throws InterruptedException, ModelFailure {
    int all = texts.size();
    return cache.vectors(
        engine.identity(),
        task.owner(),
        texts,
        unknown -> {
          coming.close();
          return engine.embed(
              task.owner(),
              task.priority(),
              unknown,
              done -> control.progress(new Progress(all - unknown.size() + done, all, "texts")));
        });
  }

  private Outcome embed(
      ModelSpec spec, EmbeddingWork input, Tokenizer tokenizer, VectorCache.Model model)
      throws InterruptedException, ModelFailure {
    Truncation truncate = input.truncate() == null ? spec.truncate() : input.truncate();
    List<Tokens> texts = tokens(tokenizer, spec, input, truncate);
    long tokens = 0;
    int cut = 0;
    for (int i = 0; i < texts.size(); i++) {
      if (texts.get(i).cut() && truncate == Truncation.ERROR) {
        throw tooLong(spec, texts.get(i), i);
      }
      cut += texts.get(i).cut() ? 1 : 0;
      tokens += texts.get(i).ids().length;
    }
    if (tokens > EmbeddingItems.MAX_TOKENS) {
      throw new InvalidInput(
          "input has %d tokens in all, at most %d are allowed"
              .formatted(tokens, EmbeddingItems.MAX_TOKENS));
    }
    Optional<float[][]> vectors = model.run(texts);
    return vectors.isEmpty()
        ? UNKNOWN
        : new Outcome.Done(EmbeddingOutput.toOutput(spec.dimensions(), tokens, cut, vectors.get()));
  }

  private List<Tokens> tokens(
      Tokenizer tokenizer, ModelSpec spec, EmbeddingWork input, Truncation truncate)
      throws InterruptedException {
    return switch (input.items()) {
      case EmbeddingItems.Texts(List<String> texts) ->
          threads.encode(tokenizer, prefixed(texts, spec, input), truncate);
      case EmbeddingItems.TokenIds(List<int[]> lists) ->
          switch (spec.tokenIds()) {
            case CL100K_BASE ->
                threads.encode(tokenizer, prefixed(decode(lists), spec, input), truncate);
            case OWN -> own(tokenizer, lists, input);
            case REJECT -> throw new InvalidInput(spec.name() + " takes texts, not token ids");
          };
    };
  }

  private static List<String> prefixed(List<String> texts, ModelSpec spec, EmbeddingWork input) {
    String prefix = input.inputType() == null ? "" : spec.prefixes().get(input.inputType());
    return prefix == null || prefix.isEmpty()
        ? texts
        : texts.stream().map(text -> prefix + text).toList();
  }

  private static List<String> decode(List<int[]> lists) {
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
  private static List<Tokens> own(Tokenizer tokenizer, List<int[]> lists, EmbeddingWork input) {
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
