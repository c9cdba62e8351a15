package dev.penstock.models;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Set;

/**
 * What a model is like that goes on with a text: chats, and prompts to be completed.
 *
 * @param contextTokens the most tokens of prompt and answer together; 0: whoever runs it knows
 */
public record GenerationTraits(int contextTokens) implements ModelTraits {
  /** The name of the kind. */
  public static final String KIND = "generation";

  private static final String CONTEXT = "context_tokens";
  private static final int LEAST_CONTEXT = 16;
  private static final int MOST_CONTEXT = 100_000_000;

  /** The traits of a model that is one. */
  public static GenerationTraits of(ModelSpec spec) {
    return (GenerationTraits) spec.traits();
  }

  /** What a file says of it, where it does. */
  static int contextTokens(FieldReader fields) {
    return fields.whole(CONTEXT, LEAST_CONTEXT, MOST_CONTEXT);
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public String summary() {
    return contextTokens == 0 ? "makes texts" : "makes texts, %d tokens".formatted(contextTokens);
  }

  @Override
  public void write(JsonGenerator json) throws IOException {
    if (contextTokens > 0) {
      json.writeNumberField(CONTEXT, contextTokens);
    }
  }

  /** Reads such models out of models.yaml. */
  public static final class Kind implements ModelKind {
    @Override
    public String name() {
      return KIND;
    }

    @Override
    public Set<String> keys() {
      return Set.of(CONTEXT);
    }

    @Override
    public GenerationTraits read(FieldReader fields) {
      return new GenerationTraits(fields.has(CONTEXT) ? contextTokens(fields) : 0);
    }
  }
}
