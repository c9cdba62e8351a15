package dev.penstock.engine;

import dev.penstock.engine.http.HttpBackend;
import dev.penstock.engine.llama.LlamaBackend;
import dev.penstock.engine.onnx.OnnxBackend;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.GenerationTraits;
import dev.penstock.models.ModelForms;
import dev.penstock.models.ModelKind;
import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kinds of model that there are, and the backends that open them. */
public record Backends(List<ModelKind> kinds, List<Backend> backends) {
  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
  private static final EncoderBackend LOCAL = new OnnxBackend();

  /**
   * A new kind is a class that implements it, a new backend a room below this one: and a name here.
   */
  public static final Backends BUILT_IN =
      new Backends(
          List.of(new EmbeddingTraits.Kind(), new GenerationTraits.Kind()),
          List.of(
              LOCAL,
              new LlamaBackend(),
              HttpBackend.OPENAI,
              HttpBackend.OLLAMA,
              HttpBackend.ANTHROPIC));

  /** The one that runs models from files in this process. */
  public static EncoderBackend local() {
    return LOCAL;
  }

  /** What models.yaml may hold. */
  public ModelForms forms() {
    return new ModelForms(kinds, backends);
  }

  /** The most that the model may take while it is open: nobody knows which backend will run it. */
  MemoryNeed need(ModelSpec spec, EngineParts parts) {
    return spec.sources().stream()
        .map(source -> of(source).need(spec, source, parts))
        .reduce(MemoryNeed.NOTHING, MemoryNeed::greater);
  }

  /** Whether the model opens in processes of its own, whichever backend runs it. */
  boolean apart(ModelSpec spec) {
    return spec.sources().stream().allMatch(source -> of(source).apart());
  }

  /**
   * Opens a model by the first of its backends that can; one of the kind generation that servers
   * run, by all of them.
   */
  ModelEngine open(ModelSpec spec, EngineParts parts) throws Exception {
    if (spec.is(GenerationTraits.KIND) && RoutedGenerator.wants(spec)) {
      return RoutedGenerator.open(
          spec, source -> of(source).open(spec, source, parts), System::nanoTime);
    }
    for (ModelSource source : spec.sources().subList(0, spec.sources().size() - 1)) {
      try {
        return of(source).open(spec, source, parts);
      } catch (Exception | LinkageError e) {
        LOG.warn(
            "model {} cannot be opened by {}: {}; trying the next backend",
            spec.name(),
            source.backend(),
            OpenFailure.describe(spec, e));
      }
    }
    ModelSource last = spec.sources().getLast();
    return of(last).open(spec, last, parts);
  }

  private Backend of(ModelSource source) {
    return backends.stream()
        .filter(backend -> backend.name().equals(source.backend()))
        .findFirst()
        .orElseThrow();
  }
}
