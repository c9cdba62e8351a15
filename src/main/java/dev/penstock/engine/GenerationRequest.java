package dev.penstock.engine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.ReadInput;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What texts are to be made, read and checked. Whoever runs it refuses what it cannot do.
 *
 * @param choices how many answers
 * @param mostTokens the longest answer; null: as the settings and the model's context say
 * @param stops an answer ends before the first of these
 * @param format what an answer has to be
 * @param topLogprobs how many of the likeliest tokens are told beside each; null: no chances are
 * @param passed members of the request that no backend is known to need: a backend hands on those
 *     that its entry names
 */
public record GenerationRequest(
    Prompt prompt,
    int choices,
    @Nullable Integer mostTokens,
    Sampling sampling,
    List<String> stops,
    Format format,
    @Nullable Integer topLogprobs,
    ObjectNode passed)
    implements ReadInput {
  public GenerationRequest {
    stops = List.copyOf(stops);
  }

  /** What the answer goes on from. */
  public sealed interface Prompt {
    /**
     * A conversation.
     *
     * @param messages as OpenAI's, checked: roles system, developer, user, assistant and tool
     */
    record Chat(ArrayNode messages, Tools tools) implements Prompt {}

    /** A text to go on with as it is. */
    record Text(String text) implements Prompt {}
  }

  /**
   * The tools that a model may call.
   *
   * @param functions as OpenAI's {@code tools}, checked; empty: none
   * @param name of the one that has to be called, where {@code choice} is NAMED
   * @param parallel whether one answer may have several calls
   */
  public record Tools(ArrayNode functions, Choice choice, @Nullable String name, boolean parallel) {
    /** What the model is to do about them. */
    public enum Choice {
      NONE,
      AUTO,
      REQUIRED,
      NAMED
    }
  }

  /**
   * How tokens are chosen. Null: as the model's makers say, or the backend.
   *
   * @param bias added to scores, by token
   * @param seed equal ones, of an equal request, choose equally
   */
  public record Sampling(
      @Nullable Double temperature,
      @Nullable Double topP,
      @Nullable Integer topK,
      @Nullable Double minP,
      @Nullable Double presence,
      @Nullable Double frequency,
      Map<Integer, Double> bias,
      long seed) {
    public Sampling {
      bias = Map.copyOf(bias);
    }
  }

  /** What an answer has to be. */
  public sealed interface Format {
    record Text() implements Format {}

    record JsonObject() implements Format {}

    /**
     * JSON that keeps to a schema.
     *
     * @param strict whether a keyword that cannot be held is refused; else it is loosened
     */
    record JsonSchema(String name, ObjectNode schema, boolean strict) implements Format {}
  }
}
