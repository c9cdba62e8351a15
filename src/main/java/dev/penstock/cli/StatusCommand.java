package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code penstock status}: how tasks are, or how much work there is. */
@Command(
    name = "status",
    sortOptions = false,
    header = "Print the tasks as JSON lines, or without an ID how much work there is.",
    description = "")
final class StatusCommand implements Callable<Integer> {
  private final Io io;

  @Parameters(paramLabel = "ID", arity = "0..*", description = "a task's id")
  private List<String> ids = new ArrayList<>();

  @Option(names = "--json", description = "JSON lines in place of the table")
  private boolean json;

  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  StatusCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    for (String id : ids) {
      Ids.checked(id);
    }
    try (Client client = connection.connect(io)) {
      return ids.isEmpty() ? lanes(client) : tasks(client);
    }
  }

  private int tasks(Client client) throws Failure, InterruptedException {
    int worst = ExitCode.OK;
    for (String id : ids) {
      Answer answer = client.get(Ids.path(id));
      if (answer.status() == Answer.NOT_FOUND) {
        io.complain(id + ": " + answer.message());
        worst = ExitCode.worse(worst, ExitCode.REFUSED);
      } else {
        JsonNode task = answer.orFail();
        io.line(JsonLines.line(Tasks.withoutResult(task)));
        if (Tasks.ended(task)) {
          worst = ExitCode.worse(worst, Tasks.exitCode(task));
        }
      }
    }
    return worst;
  }

  private int lanes(Client client) throws Failure, InterruptedException {
    JsonNode lanes = client.get("/v1/queues").orFail().path("data");
    if (json) {
      for (JsonNode lane : lanes) {
        io.line(JsonLines.line(lane));
      }
    } else {
      io.out().print(LaneTable.of(lanes));
      io.flush();
    }
    return ExitCode.OK;
  }
}
