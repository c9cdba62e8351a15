package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.ModelSpec.TokenIds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an embedding task is given: the texts or token ids, checked, and how to treat and render
 * them.
 *
 * @param alone whether its one item stood in no list
 */
public record EmbeddingRequest(EmbeddingWork work, boolean alone, Form form) {
  private static final int MAX_WORD = 64;

  enum Encoding {
    FLOAT,
    BASE64
  }

  /**
   * How vectors are rendered.
   *
   * @param dimensions cut to so many and normalised again; null: all
   */
  public record Form(@Nullable Integer dimensions, Encoding encoding) {
    public static final Form WHOLE = new Form(null, Encoding.FLOAT);
  }

  /** The same texts, for a task whose result is rendered as each request for it says. */
  public EmbeddingRequest withoutForm() {
    return new EmbeddingRequest(work, alone, Form.WHOLE);
  }

  /** Reads the members that {@code /v1/embeddings} and embedding tasks have in common. */
  public static EmbeddingRequest of(Fields fields, ModelSpec model) {
    JsonNode input = fields.value("input");
    if (input == null) {
      throw fields.bad("input", "is missing");
    }
    checkItems(input, fields, "input", model);
    return of(fields, read(input), model);
  }

  /** The same, where the items have been read apart from the other members. */
  public static EmbeddingRequest of(Fields fields, EmbeddingItems.Read input, ModelSpec model) {
    if (input.items() instanceof EmbeddingItems.TokenIds) {
      requireTokenIds(model, fields, "input");
    }
    String encoding = fields.text("encoding_format", MAX_WORD);
    Encoding as =
        switch (encoding) {
          case null -> Encoding.FLOAT;
          case "float" -> Encoding.FLOAT;
          case "base64" -> Encoding.BASE64;
          default -> throw fields.bad("encoding_format", "must be 'float' or 'base64'");
        };
    Integer dimensions = fields.integer("dimensions", 1, model.dimensions());
    String truncate = fields.text("truncate", MAX_WORD);
    if (truncate != null && !truncate.equals("error") && !truncate.equals("end")) {
      throw fields.bad("truncate", "must be 'error' or 'end'");
    }
    var work = new EmbeddingWork(input.items(), truncate, inputType(fields, model));
    return new EmbeddingRequest(work, input.alone(), new Form(dimensions, as));
  }

  /**
   * The items alone, without options.
   *
   * @param name what the request calls them
   */
  public static EmbeddingRequest bare(JsonNode input, Fields fields, String name, ModelSpec model) {
    checkItems(input, fields, name, model);
    EmbeddingItems.Read read = read(input);
    return new EmbeddingRequest(
        new EmbeddingWork(read.items(), null, null), read.alone(), Form.WHOLE);
  }

  /** What has been checked. */
  private static EmbeddingItems.Read read(JsonNode input) {
    try (JsonParser parser = input.traverse()) {
      parser.nextToken();
      return Objects.requireNonNull(EmbeddingItems.read(parser));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A model without prefixes treats every kind of text alike, so the field changes nothing there.
   */
  private static @Nullable String inputType(Fields fields, ModelSpec model) {
    String type = fields.text("input_type", MAX_WORD);
    if (type == null || model.prefixes().isEmpty()) {
      return null;
    }
    if (!model.prefixes().containsKey(type)) {
      throw fields.bad(
          "input_type",
          "must be one of "
              + String.join(", ", model.prefixes().keySet().stream().sorted().toList())
              + " for this model");
    }
    return type;
  }

  private static void checkItems(JsonNode input, Fields fields, String name, ModelSpec model) {
    if (input.isTextual()) {
      checkText(input, fields, name);
      return;
    }
    if (!input.isArray()) {
      throw fields.bad(name, "must be a string, strings, token ids or lists of token ids");
    }
    if (input.isEmpty()) {
      throw fields.bad(name, "must not be empty");
    }
    switch (input.get(0).getNodeType()) {
      case STRING -> {
        checkCount(input, fields, name);
        for (int i = 0; i < input.size(); i++) {
          checkText(input.get(i), fields, item(name, i));
        }
      }
      case NUMBER -> {
        requireTokenIds(model, fields, name);
        checkTokens(input, fields, name, name, 0);
      }
      case ARRAY -> {
        requireTokenIds(model, fields, name);
        checkCount(input, fields, name);
        int tokens = 0;
        for (int i = 0; i < input.size(); i++) {
          tokens = checkTokens(input.get(i), fields, name, item(name, i), tokens);
        }
      }
      case BINARY, BOOLEAN, MISSING, NULL, OBJECT, POJO ->
          throw fields.bad(item(name, 0), "must be a string, a token id or a list of token ids");
    }
  }

  private static String item(String name, int index) {
    return name + "[" + index + "]";
  }

  private static void checkCount(JsonNode items, Fields fields, String name) {
    if (items.size() > EmbeddingItems.MAX_ITEMS) {
      throw fields.bad(name, "may have at most " + EmbeddingItems.MAX_ITEMS + " items");
    }
  }

  private static void checkText(JsonNode item, Fields fields, String name) {
    if (!item.isTextual()) {
      throw fields.bad(name, "must be a string, as the first one is");
    }
    if (item.textValue().isEmpty()) {
      throw fields.bad(name, "must not be empty");
    }
  }

  private static int checkTokens(
      JsonNode item, Fields fields, String all, String name, int before) {
    if (!item.isArray()) {
      throw fields.bad(name, "must be a list of token ids, as the first one is");
    }
    if (item.isEmpty()) {
      throw fields.bad(name, "must not be empty");
    }
    for (JsonNode token : item) {
      if (!token.isIntegralNumber() || !token.canConvertToInt() || token.intValue() < 0) {
        throw fields.bad(name, "must have nothing but token ids, whole numbers from 0 on");
      }
    }
    int tokens = before + item.size();
    if (tokens > EmbeddingItems.MAX_TOKENS) {
      throw fields.bad(all, "may have at most " + EmbeddingItems.MAX_TOKENS + " tokens in all");
    }
    return tokens;
  }

  private static void requireTokenIds(ModelSpec model, Fields fields, String name) {
    if (model.tokenIds() == TokenIds.REJECT) {
      throw fields.bad(name, "must be text: this model takes no token ids");
    }
  }

  /** The task's input: an object whose small members come first, so reading them back is cheap. */
  public byte[] toJson() {
    return StrictJson.write(json -> {
      json.writeStartObject();
      Integer dimensions = form.dimensions();
      if (dimensions != null) {
        json.writeNumberField("dimensions", dimensions);
      }
      json.writeStringField("encoding_format", form.encoding().name().toLowerCase(Locale.ROOT));
      if (work.truncate() != null) {
        json.writeStringField("truncate", work.truncate());
      }
      if (work.inputType() != null) {
        json.writeStringField("input_type", work.inputType());
      }
      json.writeFieldName("input");
      writeItems(json);
      json.writeEndObject();
    });
  }

  private void writeItems(JsonGenerator json) throws IOException {
    if (!alone) {
      json.writeStartArray();
    }
    switch (work.items()) {
      case EmbeddingItems.Texts(var texts) -> {
        for (String text : texts) {
          json.writeString(text);
        }
      }
      case EmbeddingItems.TokenIds(var lists) -> {
        for (int[] ids : lists) {
          json.writeArray(ids, 0, ids.length);
        }
      }
    }
    if (!alone) {
      json.writeEndArray();
    }
  }

  /** How the result of a task with this input, as written by {@link #toJson}, is rendered. */
  public static Form formOf(byte[] task) {
    Integer dimensions = null;
    Encoding encoding = Encoding.FLOAT;
    try (JsonParser parser = StrictJson.parser(task)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        for (String name = parser.nextFieldName();
            name != null && !name.equals("input");
            name = parser.nextFieldName()) {
          parser.nextToken();
          switch (name) {
            case "dimensions" -> dimensions = parser.getIntValue();
            case "encoding_format" ->
                encoding = Encoding.valueOf(parser.getText().toUpperCase(Locale.ROOT));
            default -> parser.skipChildren();
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Form(dimensions, encoding);
  }
}
