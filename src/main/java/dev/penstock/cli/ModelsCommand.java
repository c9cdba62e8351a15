package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Visible;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code penstock models}: what models the server has. */
@Command(
    name = "models",
    sortOptions = false,
    header = "Print the server's models: what kind each is, and how it stands.",
    description = "")
final class ModelsCommand implements Callable<Integer> {
  private static final String GENERATION = "generation";

  private final Io io;

  @Option(names = "--json", description = "JSON lines in place of the table")
  private boolean json;

  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  ModelsCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    try (Client client = connection.connect(io)) {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("MODEL", "KIND", "ALIASES"));
      for (JsonNode model : list(client)) {
        if (json) {
          io.line(JsonLines.line(model));
        }
        List<String> aliases = new ArrayList<>();
        model.path("aliases").forEach(alias -> aliases.add(alias.asText()));
        rows.add(
            List.of(
                Visible.text(model.path("id").asText()),
                Visible.text(model.path("kind").asText("embedding")),
                Visible.text(String.join(", ", aliases))));
      }
      if (!json) {
        io.out().print(TextTable.of(rows, 0));
        io.flush();
      }
      return ExitCode.OK;
    }
  }

  static JsonNode list(Client client) throws Failure, InterruptedException {
    return client.get("/v1/models").orFail().path("data");
  }

  static boolean makesTexts(JsonNode model) {
    return model.path("kind").asText().equals(GENERATION);
  }

  /**
   * The model of who names none: the only one that makes texts.
   *
   * @throws Failure where there is none, or more
   */
  static String only(Client client) throws Failure, InterruptedException {
    List<String> names =
        StreamSupport.stream(list(client).spliterator(), false)
            .filter(ModelsCommand::makesTexts)
            .map(model -> Visible.text(model.path("id").asText()))
            .toList();
    if (names.isEmpty()) {
      throw Failure.refused(
          "the server has no model that makes texts; `penstock pull hf:org/name` fetches one");
    }
    if (names.size() > 1) {
      throw Failure.refused("say which model: penstock chat " + String.join(" | ", names));
    }
    return names.getFirst();
  }

  /** Throws unless a model of that name, or alias, makes texts. */
  static void require(Client client, String name) throws Failure, InterruptedException {
    for (JsonNode model : list(client)) {
      boolean called = model.path("id").asText().equals(name);
      for (JsonNode alias : model.path("aliases")) {
        called |= alias.asText().equals(name);
      }
      if (called && makesTexts(model)) {
        return;
      }
    }
    throw Failure.refused("no model that makes texts is called " + Visible.quoted(name));
  }
}
