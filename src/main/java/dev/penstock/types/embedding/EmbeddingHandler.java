package dev.penstock.types.embedding;

import dev.penstock.core.Immediate;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.ReadInput;
import dev.penstock.core.TimeLimit;
import dev.penstock.core.TimedControl;
import dev.penstock.engine.EmbeddingEngine;
import dev.penstock.engine.ModelEngines;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.TextSource;
import dev.penstock.engine.Tokenizer;
import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.engine.TokenizerThreads;
import dev.penstock.engine.UpcomingTokens;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.models.ModelSpec;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskSpec;
import dev.penstock.types.ModelRuns;
import dev.penstock.types.embedding.EmbeddingSettings.Cutting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Texts to vectors: parses, tokenises, and waits for the model's batcher. */
final class EmbeddingHandler implements Immediate {
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final Duration NOT_LONG = Duration.ofSeconds(10);

  private final ModelRuns runs;
  private final TokenizerThreads threads;
  private final VectorCache cache;
  private final Cutting cutting;
  private final CutTexts cutTexts;

  /** As the models say, and nothing is counted. */
  EmbeddingHandler(ModelEngines engines, TokenizerThreads threads, VectorCache cache) {
    this(engines, threads, cache, Cutting.MODEL, new CutTexts(null));
  }

  /**
   * @param cutting what is done about long texts where an input does not say
   */
  EmbeddingHandler(
      ModelEngines engines,
      TokenizerThreads threads,
      VectorCache cache,
      Cutting cutting,
      CutTexts cutTexts) {
    this.cutting = cutting;
    this.cutTexts = cutTexts;
    this.runs = new ModelRuns(engines, EmbeddingTraits.KIND);
    this.threads = threads;
    this.cache = cache;
  }

  @Override
  public String type() {
    return EmbeddingType.NAME;
  }

  /** Its model is open, gets to it within a second, and has done with it within ten. */
  @Override
  public boolean free(TaskSpec spec, ReadInput input) {
    Optional<ModelEngines.Use> open = runs.model(spec).flatMap(runs::open);
    if (open.isEmpty()) {
      return false;
    }
    try (ModelEngines.Use use = open.get()) {
      EmbeddingEngine engine = use.engine(EmbeddingEngine.class);
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
    return run(
        task.spec(),
        control,
        () -> {},
        model -> EmbeddingInput.of(task.spec().input(), model).work());
  }

  @Override
  public Outcome run(TaskSpec spec, ReadInput input, Control control, Runnable begun)
      throws InterruptedException {
    return run(spec, control, begun, _ -> work(input));
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
    Optional<ModelSpec> spec = runs.model(task);
    EmbeddingWork input = work(read);
    if (cache.isEmpty() || spec.isEmpty() || !isShort(input, EmbeddingTraits.of(spec.get()))) {
      return ModelRuns.NO_ROOM;
    }
    Optional<ModelEngines.Use> open = runs.open(spec.get());
    if (open.isEmpty()) {
      return ModelRuns.NO_ROOM;
    }
    try (ModelEngines.Use use = open.get()) {
      EmbeddingEngine engine = use.engine(EmbeddingEngine.class);
      String owner = task.owner();
      return embed(
          task,
          spec.get(),
          input,
          engine.tokenizer(),
          texts -> cache.known(engine.identity(), owner, texts));
    } catch (InvalidInput e) {
      return e.reject();
    } catch (ModelFailure | RejectedExecutionException e) {
      return ModelRuns.NO_ROOM;
    }
  }

  private static boolean isShort(EmbeddingWork input, EmbeddingTraits model) {
    return input.items() instanceof EmbeddingItems.Texts(List<String> texts)
        && TokenizerThreads.isShort(prefixed(texts, prefix(model, input)));
  }

  private Outcome run(
      TaskSpec task,
      Control control,
      Runnable begun,
      Function<EmbeddingTraits, EmbeddingWork> input)
      throws InterruptedException {
    return runs.run(
        task,
        spec -> {
          EmbeddingWork work = input.apply(EmbeddingTraits.of(spec));
          return use -> embed(task, control, begun, spec, work, use.engine(EmbeddingEngine.class));
        });
  }

  private Outcome embed(
      TaskSpec task,
      Control control,
      Runnable begun,
      ModelSpec spec,
      EmbeddingWork input,
      EmbeddingEngine engine)
      throws InterruptedException, ModelFailure {
    try (UpcomingTokens.Arrival coming =
        engine.announce(task.priority(), input.items().tokens(engine.longest()))) {
      return embed(
          task,
          spec,
          input,
          engine.tokenizer(),
          texts -> {
            begun.run();
            return vectors(task, control, engine, texts, coming);
          });
    }
  }

  /** Those that are not kept are run; empty: there is no room for them. */
  private Optional<float[][]> vectors(
      TaskSpec task,
      Control control,
      EmbeddingEngine engine,
      List<Tokens> texts,
      UpcomingTokens.Arrival coming)
      throws InterruptedException, ModelFailure {
    int all = texts.size();
    return cache.vectors(
        engine.identity(),
        task.owner(),
        texts,
        (unknown, left) -> {
          coming.close();
          var asker = new Asker(control, all - unknown.size(), all, left);
          return engine.embed(task.owner(), task.priority(), unknown, asker);
        });
  }

  /**
   * A task that asks for vectors.
   *
   * @param known of how many of its texts they were known
   * @param left takes those that were made in vain, so that the next attempt need not make them
   */
  private record Asker(Control control, int known, int all, VectorCache.Left left)
      implements EmbeddingEngine.Asker {
    @Override
    public void done(int texts) {
      control.progress(new Progress(known + texts, all, "texts"));
    }

    @Override
    public @Nullable TimeLimit limit() {
      return TimedControl.of(control);
    }

    @Override
    public void left(int index, float[] vector) {
      left.vector(index, vector);
    }
  }

  private Outcome embed(
      TaskSpec task,
      ModelSpec spec,
      EmbeddingWork input,
      Tokenizer tokenizer,
      VectorCache.Model model)
      throws InterruptedException, ModelFailure {
    EmbeddingTraits traits = EmbeddingTraits.of(spec);
    Truncation truncate = input.truncate() == null ? cutting.of(traits) : input.truncate();
    List<Tokens> texts = tokens(task, spec, input, tokenizer, truncate);
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
    if (vectors.isEmpty()) {
      return ModelRuns.NO_ROOM;
    }
    cutTexts.cut(spec, cut);
    return new Outcome.Done(
        EmbeddingOutput.toOutput(traits.dimensions(), tokens, cut, vectors.get()));
  }

  private List<Tokens> tokens(
      TaskSpec task, ModelSpec spec, EmbeddingWork input, Tokenizer tokenizer, Truncation truncate)
      throws InterruptedException {
    EmbeddingTraits model = EmbeddingTraits.of(spec);
    String prefix = prefix(model, input);
    return switch (input.items()) {
      case EmbeddingItems.Texts(List<String> texts) ->
          encode(task, tokenizer, prefixed(texts, prefix), truncate);
      case EmbeddingItems.TokenIds(List<int[]> lists) ->
          switch (model.tokenIds()) {
            case CL100K_BASE -> encode(task, tokenizer, decode(lists, prefix), truncate);
            case OWN -> own(tokenizer, lists, input, truncate);
            case REJECT -> throw new InvalidInput(spec.name() + " takes texts, not token ids");
          };
    };
  }

  private List<Tokens> encode(
      TaskSpec task, Tokenizer tokenizer, List<TextSource> texts, Truncation truncate)
      throws InterruptedException {
    return threads.encode(tokenizer, task.owner(), task.priority(), texts, truncate);
  }

  private static String prefix(EmbeddingTraits model, EmbeddingWork input) {
    return model.prefix(input.inputType());
  }

  private static List<TextSource> prefixed(List<String> texts, String prefix) {
    return texts.stream().map(text -> new TextSource.Whole(text).after(prefix)).toList();
  }

  private static List<TextSource> decode(List<int[]> lists, String prefix) {
    List<TextSource> texts = new ArrayList<>(lists.size());
    for (int i = 0; i < lists.size(); i++) {
      try {
        texts.add(Cl100k.text(lists.get(i)).after(prefix));
      } catch (IllegalArgumentException e) {
        throw new InvalidInput("input item " + i + ": " + e.getMessage());
      }
    }
    return texts;
  }

  /** Pure Java: no thread of the tokenizers is needed. */
  private static List<Tokens> own(
      Tokenizer tokenizer, List<int[]> lists, EmbeddingWork input, Truncation truncate) {
    if (input.inputType() != null) {
      throw new InvalidInput("input_type needs texts: token ids are used as they are");
    }
    List<Tokens> all = new ArrayList<>(lists.size());
    for (int i = 0; i < lists.size(); i++) {
      try {
        all.add(tokenizer.wrap(lists.get(i), truncate));
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
                EmbeddingTraits.of(spec).maxTokens(),
                index,
                text.counted() ? "" : "at least ",
                text.length()));
  }
}
