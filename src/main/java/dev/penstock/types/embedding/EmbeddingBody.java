package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.json.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request for embeddings, read without a tree of its items: there may be 300,000.
 *
 * @param rest its other members
 */
public record EmbeddingBody(JsonNode rest, EmbeddingItems.Read input) {
  private static final String INPUT = "input";

  /** Null: read as a tree it will show what is wrong. */
  public static @Nullable EmbeddingBody read(byte[] body) {
    try (JsonParser parser = StrictJson.strangers(body)) {
      if (parser == null || parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      ObjectNode rest = StrictJson.nodes().objectNode();
      EmbeddingItems.Read input = null;
      for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
        parser.nextToken();
        if (name.equals(INPUT)) {
          input = EmbeddingItems.read(parser);
          if (input == null) {
            return null;
          }
        } else {
          rest.set(name, StrictJson.part(parser));
        }
      }
      if (input == null || parser.nextToken() != null) {
        return null;
      }
      StrictJson.check(rest);
      if (input.items() instanceof EmbeddingItems.Texts(var texts)) {
        texts.forEach(StrictJson::checkText);
      }
      return new EmbeddingBody(rest, input);
    } catch (JsonProcessingException e) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
