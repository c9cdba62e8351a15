package dev.penstock.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import dev.penstock.core.InvalidInput;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The JSON Schema that the inputs of one task type must meet. */
public final class InputSchema {
  private static final int TOLD = 3;

  /**
   * Of an input with more values than these the first place is told alone: the validator would make
   * some words of all of them.
   */
  private static final int MOST_PLACES = 10_000;

  private final JsonSchema schema;

  public InputSchema(String text) {
    var config =
        SchemaValidatorsConfig.builder()
            .pathType(PathType.JSON_PATH)
            .locale(Locale.ENGLISH)
            .build();
    schema = JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(text, config);
  }

  /**
   * Refuses an input that breaks the schema, naming the first places where it does.
   *
   * @param param what the request calls the input
   */
  public void check(JsonNode input, String param) {
    boolean wide = left(input, MOST_PLACES) < 0;
    List<ValidationMessage> found =
        schema.validate(input, context -> context.setFailFast(wide)).stream().limit(TOLD).toList();
    if (found.isEmpty()) {
      return;
    }
    String told =
        found.stream()
            .map(each -> StrictJson.quote(place(each, param)) + " " + problem(each))
            .collect(Collectors.joining("; "));
    throw new InvalidInput(place(found.getFirst(), param), told + ".");
  }

  /** What is left of so many values; less than 0: there are more. */
  private static int left(JsonNode value, int most) {
    int left = most - 1;
    for (JsonNode each : value) {
      if (left < 0) {
        return left;
      }
      left = left(each, left);
    }
    return left;
  }

  /**
   * {@code $.x[0]} is {@code input.x[0]} to the client; a missing or unknown member is named too.
   */
  private static String place(ValidationMessage message, String param) {
    String path = message.getInstanceLocation().toString();
    String member = message.getProperty();
    return param + path.substring(1) + (member == null ? "" : "." + member);
  }

  /** The validator's sentence without the place that it starts with. */
  private static String problem(ValidationMessage message) {
    String text = message.getMessage();
    String start = message.getInstanceLocation() + ": ";
    return text.startsWith(start) ? text.substring(start.length()) : text;
  }
}
