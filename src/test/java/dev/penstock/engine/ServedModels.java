package dev.penstock.engine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.TimeLimit;
import dev.penstock.engine.GenerationRequest.Format;
import dev.penstock.engine.GenerationRequest.Prompt;
import dev.penstock.engine.GenerationRequest.Sampling;
import dev.penstock.engine.GenerationRequest.Tools;
import dev.penstock.json.JsonMappers;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.task.Priority;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Models that servers run, and requests for texts of them. */
final class ServedModels {
  static final Sampling SAMPLING = new Sampling(null, null, null, null, null, null, Map.of(), 7);
  static final String QUESTION = "[{\"role\": \"user\", \"content\": \"Hello\"}]";

  private ServedModels() {}

  /** Opens the model {@code m} with these entries, in YAML's short form. */
  static Generator open(Path dir, String... entries) throws Exception {
    Path file = Files.createTempFile(dir, "models", ".yaml");
    Files.writeString(
        file,
        "models:\n  - name: m\n    kind: generation\n    context_tokens: 1000\n    backends:\n"
            + "      - "
            + String.join("\n      - ", entries)
            + "\n");
    var spec =
        ModelCatalogue.load(Backends.BUILT_IN.forms(), file).all().stream()
            .filter(model -> model.name().equals("m"))
            .findFirst()
            .orElseThrow();
    return (Generator) Backends.BUILT_IN.open(spec, TestModels.parts(dir));
  }

  static GenerationRequest chat() throws Exception {
    return chat(QUESTION, noTools());
  }

  static GenerationRequest chat(String messages, Tools tools) throws Exception {
    return request(new Prompt.Chat(list(messages), tools));
  }

  static GenerationRequest request(Prompt prompt) {
    return new GenerationRequest(
        prompt, 1, 50, SAMPLING, List.of(), new Format.Text(), null, object());
  }

  static Tools noTools() {
    return new Tools(JsonMappers.PLAIN.createArrayNode(), Tools.Choice.AUTO, null, true);
  }

  static ObjectNode object() {
    return JsonMappers.PLAIN.createObjectNode();
  }

  static ArrayNode list(String json) throws Exception {
    return (ArrayNode) JsonMappers.PLAIN.readTree(json);
  }

  /** Somebody who keeps what is said. */
  static final class Listener implements Generator.Asker {
    final List<GenerationPiece> pieces = Collections.synchronizedList(new ArrayList<>());
    private final Priority priority;

    Listener() {
      this(Priority.HELD);
    }

    Listener(Priority priority) {
      this.priority = priority;
    }

    String content() {
      return pieces.stream().map(GenerationPiece::content).reduce("", String::concat);
    }

    String reasoning() {
      return pieces.stream().map(GenerationPiece::reasoning).reduce("", String::concat);
    }

    String calls() {
      return pieces.stream()
          .map(GenerationPiece::toolCalls)
          .filter(calls -> calls != null)
          .map(String::valueOf)
          .reduce("", String::concat);
    }

    @Override
    public String owner() {
      return "somebody";
    }

    @Override
    public Priority priority() {
      return priority;
    }

    @Override
    public @Nullable TimeLimit limit() {
      return null;
    }

    @Override
    public void piece(GenerationPiece piece) {
      pieces.add(piece);
    }
  }
}
