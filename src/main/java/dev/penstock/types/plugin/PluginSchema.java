package dev.penstock.types.plugin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaId;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import dev.penstock.json.JsonMappers;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells whether a plugin's text is a JSON Schema that every submit can be held against. */
final class PluginSchema {
  private static final int MAX_LENGTH = 1 << 20;
  private static final Set<String> REFERENCES = Set.of("$ref", "$dynamicRef");

  private PluginSchema() {}

  /** What is wrong with it; null: nothing. */
  static @Nullable String problem(String text) {
    if (text.length() > MAX_LENGTH) {
      return "is longer than 1 MiB";
    }
    try {
      JsonNode schema = JsonMappers.PLAIN.readTree(text);
      if (!schema.isObject()) {
        return "is no JSON object";
      }
      String dialect = schema.path("$schema").asText(SchemaId.V202012);
      if (!dialect.equals(SchemaId.V202012)) {
        return "is written for " + dialect + ", not for " + SchemaId.V202012;
      }
      String away = reference(schema);
      if (away != null) {
        return "refers to " + away + ", outside itself";
      }
      var factory = JsonSchemaFactory.getInstance(VersionFlag.V202012);
      Set<ValidationMessage> broken =
          factory.getSchema(SchemaLocation.of(SchemaId.V202012)).validate(text, InputFormat.JSON);
      return broken.isEmpty()
          ? unusable(factory.getSchema(text))
          : "is no JSON Schema: " + broken.iterator().next().getMessage();
    } catch (JsonProcessingException e) {
      return "is not JSON: " + e.getOriginalMessage();
    } catch (RuntimeException e) {
      return "cannot be used: " + e.getMessage();
    } catch (StackOverflowError _) {
      return "refers to itself without end, or is nested too deeply";
    }
  }

  /** Patterns are compiled and references followed here, not at the first submit. */
  private static @Nullable String unusable(JsonSchema schema) {
    schema.initializeValidators();
    schema.validate("{}", InputFormat.JSON);
    return null;
  }

  /** The first reference that would have to be fetched: the validator would do so, over HTTP. */
  private static @Nullable String reference(JsonNode node) {
    for (var member : node.properties()) {
      JsonNode value = member.getValue();
      if (REFERENCES.contains(member.getKey())
          && value.isTextual()
          && !value.textValue().startsWith("#")) {
        return value.textValue();
      }
    }
    for (JsonNode child : node) {
      String inner = reference(child);
      if (inner != null) {
        return inner;
      }
    }
    return null;
  }
}
