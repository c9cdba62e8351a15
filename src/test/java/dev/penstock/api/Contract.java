package dev.penstock.api;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import dev.penstock.core.InvalidInput;
import dev.penstock.json.StrictJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The contract as a server has sent it, and what it says of bodies. */
final class Contract {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete", "patch");
  private final JsonNode whole;

  Contract(String yaml) {
    whole = MAPPER.valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml));
  }

  /** One method of one path. */
  record Operation(String path, String method, JsonNode said) {
    boolean needsKey() {
      return !said.has("security") || !said.get("security").isEmpty();
    }

    boolean takesJson() {
      return said.at("/requestBody/content").has("application/json");
    }

    JsonNode body() {
      return said.at("/requestBody/content/application~1json/schema");
    }

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  List<Operation> operations() {
    List<Operation> all = new ArrayList<>();
    for (var path : whole.get("paths").properties()) {
      for (var each : path.getValue().properties()) {
        if (METHODS.contains(each.getKey())) {
          all.add(
              new Operation(
                  path.getKey(), each.getKey().toUpperCase(Locale.ROOT), each.getValue()));
        }
      }
    }
    return all;
  }

  /** The POST that a path means, that of the contract which is nearest to its words. */
  Optional<Operation> post(String path) {
    return operations().stream()
        .filter(each -> each.method.equals("POST"))
        .filter(each -> Pattern.matches(each.path.replaceAll("\\{\\w+}", "[^/]+") + "/?", path))
        .findFirst();
  }

  JsonNode schema(String name) {
    return whole.at("/components/schemas/" + name);
  }

  /** What a reference leads to; anything else is itself. */
  JsonNode followed(JsonNode schema) {
    return schema.has("$ref")
        ? followed(whole.at(schema.get("$ref").textValue().substring(1)))
        : schema;
  }

  /** Whether a value is what a schema of the contract describes. */
  boolean allows(JsonNode schema, JsonNode value) {
    ObjectNode alone = MAPPER.createObjectNode();
    alone.setAll((ObjectNode) schema);
    alone.set("components", whole.get("components"));
    JsonSchema compiled = JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(alone);
    return compiled.validate(value).isEmpty();
  }

  /** A request's body, where it is JSON in the form that the server takes. */
  static Optional<JsonNode> json(byte[] request) {
    String text = new String(request, ISO_8859_1);
    String body = text.substring(text.indexOf("\r\n\r\n") + 4);
    try {
      return Optional.of(StrictJson.parse(body.getBytes(ISO_8859_1)));
    } catch (InvalidInput e) {
      return Optional.empty();
    }
  }

  static JsonNode json(String text) throws JsonProcessingException {
    return MAPPER.readTree(text);
  }
}
