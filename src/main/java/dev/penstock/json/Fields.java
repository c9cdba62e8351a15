package dev.penstock.json;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.core.InvalidInput;
import java.util.Collection;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The members of a JSON object, read with their types checked. JSON null is as good as absent.
 *
 * @param prefix put before a member's name where an error names it
 */
public record Fields(JsonNode object, String prefix) {

  /** The members of a whole body. */
  public static Fields of(JsonNode body) {
    if (!body.isObject()) {
      throw new InvalidInput("The body must be a JSON object.");
    }
    return new Fields(body, "");
  }

  /** Refuses every member that is not among these. */
  public void only(Collection<String> known) {
    object
        .fieldNames()
        .forEachRemaining(name -> {
          if (!known.contains(name)) {
            throw bad(
                name, "is unknown here; known are " + String.join(", ", new TreeSet<>(known)));
          }
        });
  }

  public @Nullable JsonNode value(String name) {
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? null : value;
  }

  public @Nullable String text(String name, int maxLength) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw bad(name, "must be a string");
    }
    String text = value.textValue();
    if (text.isEmpty() || length(text) > maxLength) {
      throw bad(name, "must have 1 to " + maxLength + " characters");
    }
    return text;
  }

  /** A text's length in characters as JSON Schema counts them: code points. */
  public static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** As {@link #text}, where an empty one is as good as absent. */
  public @Nullable String textIfAny(String name, int maxLength) {
    JsonNode value = value(name);
    return value != null && value.isTextual() && value.textValue().isEmpty()
        ? null
        : text(name, maxLength);
  }

  /** A text that has to be there. */
  public String required(String name, int maxLength) {
    String text = text(name, maxLength);
    if (text == null) {
      throw bad(name, "is missing");
    }
    return text;
  }

  /** The members of an object in this one, none but these; null: it is not there. */
  public @Nullable Fields inner(String name, Collection<String> known) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isObject()) {
      throw bad(name, "must be an object");
    }
    var inner = new Fields(value, param(name) + ".");
    inner.only(known);
    return inner;
  }

  /** A whole number, be it written as 128.0. */
  public @Nullable Integer integer(String name, int min, int max) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    double number = value.isNumber() ? value.doubleValue() : Double.NaN;
    if (!(number >= min && number <= max) || number != Math.rint(number)) {
      throw bad(name, "must be a whole number from " + min + " to " + max);
    }
    return (int) number;
  }

  public @Nullable Double number(String name, double min, double max) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isNumber() || !(value.doubleValue() >= min && value.doubleValue() <= max)) {
      throw bad(name, "must be a number from %s to %s".formatted(plain(min), plain(max)));
    }
    return value.doubleValue();
  }

  public @Nullable Boolean flag(String name) {
    JsonNode value = value(name);
    if (value == null) {
      return null;
    }
    if (!value.isBoolean()) {
      throw bad(name, "must be true or false");
    }
    return value.booleanValue();
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  public String param(String name) {
    return prefix + name;
  }

  public InvalidInput bad(String name, String problem) {
    return problem(param(name), problem);
  }

  /**
   * A field that is at fault.
   *
   * @param problem what follows its name in a sentence
   */
  public static InvalidInput problem(String param, String problem) {
    return new InvalidInput(param, StrictJson.quote(param) + " " + problem + ".");
  }
}
