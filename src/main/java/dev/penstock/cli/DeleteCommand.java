package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code penstock delete}: deletes ended tasks, by their ids or by a filter. */
@Command(
    name = "delete",
    sortOptions = false,
    header = "Delete ended tasks with their inputs and results: those named, or all of a filter.",
    description = "")
final class DeleteCommand implements Callable<Integer> {
  private static final int CONFLICT = 409;

  private final Io io;

  @Parameters(paramLabel = "ID", arity = "0..*", description = "a task's id")
  private List<String> ids = new ArrayList<>();

  @Option(
      names = "--status",
      paramLabel = "STATUS",
      split = ",",
      description = "those that are completed, failed or cancelled; may be repeated")
  private List<String> states = new ArrayList<>();

  @Option(names = "--type", paramLabel = "TYPE", description = "those of this type")
  private @Nullable String type;

  @Option(names = "--model", paramLabel = "NAME", description = "those of this model")
  private @Nullable String model;

  @Option(
      names = "--text",
      paramLabel = "TEXT",
      description = "those with it in their id, input, metadata or error")
  private @Nullable String text;

  @Option(names = "--all", description = "every task that has ended")
  private boolean all;

  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  DeleteCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    for (String id : ids) {
      Ids.checked(id);
    }
    ObjectNode filter = filter();
    if (ids.isEmpty() == filter.isEmpty()) {
      throw Failure.refused(
          ids.isEmpty()
              ? "say which tasks: ids, --status, --type, --model, --text, or --all for every one"
              : "ids and a filter exclude each other");
    }
    try (Client client = connection.connect(io)) {
      return ids.isEmpty() ? matching(client, filter) : named(client);
    }
  }

  /** As the server takes it; empty: no option says any. */
  private ObjectNode filter() {
    ObjectNode filter = JsonLines.object();
    if (!states.isEmpty()) {
      var words = filter.putArray("status");
      states.forEach(words::add);
    }
    put(filter, "type", type);
    put(filter, "model", model);
    put(filter, "q", text);
    if (all) {
      filter.put("all", true);
    }
    return filter;
  }

  private static void put(ObjectNode filter, String name, @Nullable String value) {
    if (value != null) {
      filter.put(name, value);
    }
  }

  /** One that is not known, or has not ended, holds up none of the others. */
  private int named(Client client) throws Failure, InterruptedException {
    int worst = ExitCode.OK;
    for (String id : ids) {
      Answer answer = client.delete(Ids.path(id));
      if (answer.status() == Answer.NOT_FOUND || answer.status() == CONFLICT) {
        io.complain(id + ": " + answer.message());
        worst = ExitCode.REFUSED;
      } else {
        io.line(JsonLines.line(answer.orFail()));
      }
    }
    return worst;
  }

  /** As long as there are more and some of them go. */
  private int matching(Client client, ObjectNode filter) throws Failure, InterruptedException {
    long deleted = 0;
    JsonNode part;
    do {
      part = client.post("/v1/tasks/delete", filter, null).orFail();
      deleted += part.path("count").asLong();
    } while (part.path("has_more").asBoolean() && part.path("count").asLong() > 0);
    ObjectNode sum = part.deepCopy();
    io.line(JsonLines.line(sum.put("count", deleted)));
    return ExitCode.OK;
  }
}
