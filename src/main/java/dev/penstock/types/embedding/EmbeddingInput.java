package dev.penstock.types.embedding;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.Fields;
import dev.penstock.json.StrictJson;
import dev.penstock.models.EmbeddingTraits;
import dev.penstock.models.EmbeddingTraits.TokenIds;
import dev.penstock.models.EmbeddingTraits.Truncation;
import dev.penstock.types.embedding.EmbeddingForm.Encoding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an embedding task is given: the texts or token ids, checked, and how to treat and render
 * them.
 *
 * @param alone whether its one item stood in no list
 */
public record EmbeddingInput(EmbeddingWork work, boolean alone, EmbeddingForm form) {
  private static final String INPUT = "input";
  private static final Set<String> MEMBERS =
      Set.of(INPUT, "dimensions", "encoding_format", "truncate", "input_type");
  private static final int MAX_WORD = 64;
  private static final String TRUNCATE =
      "must be 'end', 'start', 'error' or 'none' (or in capitals), true or false";

  /**
   * An object with items and options, read so far as that needs no model.
   *
   * @param rest its other members
   * @param items null: there are none
   */
  public record Draft(JsonNode rest, EmbeddingItems.@Nullable Read items) {

    /**
     * The whole input.
     *
     * @param fields the other members
     */
    public EmbeddingInput accept(Fields fields, EmbeddingTraits model) {
      return read(fields, model, true);
    }

    private EmbeddingInput read(Fields fields, EmbeddingTraits model, boolean knownOnly) {
      if (items == null) {
        throw fields.bad(INPUT, "is missing");
      }
      EmbeddingWork bare = bare(items, model, fields.param(INPUT));
      Encoding encoding = encoding(fields);
      Integer dimensions = fields.integer("dimensions", 1, model.dimensions());
      String inputType = inputType(fields, model, knownOnly);
      var work = new EmbeddingWork(bare.items(), truncate(fields), inputType);
      return new EmbeddingInput(work, items.alone(), new EmbeddingForm(dimensions, encoding));
    }
  }

  /** Reads a request's body without a tree of its items: there may be 300,000. */
  public static Draft draft(byte[] body) {
    try (JsonParser parser = StrictJson.strangers(body)) {
      if (parser == null || parser.nextToken() != JsonToken.START_OBJECT) {
        return new Draft(StrictJson.parse(body), null);
      }
      Draft draft = draft(parser, "");
      StrictJson.check(draft.rest);
      if (parser.nextToken() != null || (draft.items != null && draft.items.items() == null)) {
        StrictJson.parse(body); // what is no JSON at all is said first
      }
      return draft;
    } catch (JsonProcessingException e) {
      return new Draft(StrictJson.parse(body), null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Draft draft(JsonParser parser, String prefix) throws IOException {
    ObjectNode rest = StrictJson.nodes().objectNode();
    EmbeddingItems.Read items = null;
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      JsonToken value = parser.nextToken();
      if (name.equals(INPUT) && value != JsonToken.VALUE_NULL) {
        items = EmbeddingItems.read(parser, prefix + INPUT);
      } else {
        rest.set(name, StrictJson.part(parser));
      }
    }
    return new Draft(rest, items);
  }

  /**
   * A task's input as it is kept, read again where it runs. Members that nobody here knows were
   * accepted by somebody who did.
   */
  static EmbeddingInput of(byte[] kept, EmbeddingTraits model) {
    try (JsonParser parser = StrictJson.parser(kept)) {
      return of(parser, INPUT, model, false);
    } catch (JsonProcessingException e) {
      throw new InvalidInput("the input is not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A task's input: an object with items and options, or the items alone. */
  public static EmbeddingInput of(JsonNode input, String name, EmbeddingTraits model) {
    try (JsonParser parser = input.traverse()) {
      return of(parser, name, model, true);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static EmbeddingInput of(
      JsonParser parser, String name, EmbeddingTraits model, boolean knownOnly) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return bare(EmbeddingItems.read(parser, name), name, model);
    }
    Draft draft = draft(parser, name + ".");
    var fields = new Fields(draft.rest, name + ".");
    if (knownOnly) {
      fields.only(MEMBERS);
    }
    return draft.read(fields, model, knownOnly);
  }

  private static EmbeddingInput bare(EmbeddingItems.Read read, String name, EmbeddingTraits model) {
    return new EmbeddingInput(bare(read, model, name), read.alone(), EmbeddingForm.WHOLE);
  }

  private static EmbeddingWork bare(EmbeddingItems.Read read, EmbeddingTraits model, String name) {
    EmbeddingItems items = read.get();
    if (items instanceof EmbeddingItems.TokenIds && model.tokenIds() == TokenIds.REJECT) {
      throw Fields.problem(name, "must be text: this model takes no token ids");
    }
    return new EmbeddingWork(items, null, null);
  }

  private static Encoding encoding(Fields fields) {
    return switch (fields.text("encoding_format", MAX_WORD)) {
      case null -> Encoding.FLOAT;
      case "float" -> Encoding.FLOAT;
      case "base64" -> Encoding.BASE64;
      default -> throw fields.bad("encoding_format", "must be 'float' or 'base64'");
    };
  }

  private static @Nullable Truncation truncate(Fields fields) {
    JsonNode value = fields.value("truncate");
    if (value != null && value.isBoolean()) {
      return value.booleanValue() ? Truncation.END : Truncation.ERROR;
    }
    return switch (value == null ? null : value.textValue()) {
      case "error", "ERROR", "none", "NONE" -> Truncation.ERROR;
      case "end", "END" -> Truncation.END;
      case "start", "START" -> Truncation.START;
      case null -> {
        if (value == null) {
          yield null;
        }
        throw fields.bad("truncate", TRUNCATE);
      }
      default -> throw fields.bad("truncate", TRUNCATE);
    };
  }

  /**
   * What the texts are, in the one word that there is for it; null where that changes nothing: the
   * model puts the same before texts of which nobody says what they are.
   *
   * @param knownOnly false: a task's, which may be of a time when a model without prefixes took any
   */
  private static @Nullable String inputType(
      Fields fields, EmbeddingTraits model, boolean knownOnly) {
    String given = fields.text("input_type", MAX_WORD);
    String type =
        switch (given) {
          case null -> null;
          case EmbeddingTraits.QUERY -> EmbeddingTraits.QUERY;
          case EmbeddingTraits.PASSAGE, "document" -> EmbeddingTraits.PASSAGE;
          default -> {
            if (knownOnly || !model.prefixes().isEmpty()) {
              throw fields.bad("input_type", "must be 'query', 'document' or 'passage'");
            }
            yield null;
          }
        };
    return model.prefix(type).equals(model.prefix(null)) ? null : type;
  }

  /** The same texts, for a task whose result is rendered as each request for it says. */
  public EmbeddingInput withoutForm() {
    return new EmbeddingInput(work, alone, EmbeddingForm.WHOLE);
  }

  /** As a task's input. */
  public byte[] toJson() {
    return StrictJson.object(json -> {
      Integer dimensions = form.dimensions();
      if (dimensions != null) {
        json.writeNumberField("dimensions", dimensions);
      }
      json.writeStringField("encoding_format", form.encoding().json());
      if (work.truncate() != null) {
        json.writeStringField("truncate", work.truncate().name().toLowerCase(Locale.ROOT));
      }
      if (work.inputType() != null) {
        json.writeStringField("input_type", work.inputType());
      }
      json.writeFieldName(INPUT);
      writeItems(json);
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
}
