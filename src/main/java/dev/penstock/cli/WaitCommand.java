package dev.penstock.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code penstock wait}: waits for tasks to end. */
@Command(
    name = "wait",
    sortOptions = false,
    header = "Wait for tasks to end; print each one's JSON line, with its result, as it ends.",
    description = {
      "",
      "With - the ids come from standard input: bare, or as the \"id\" of JSON lines, so that"
          + " 'penstock submit … | penstock wait -' works.",
      ""
    })
final class WaitCommand implements Callable<Integer> {
  private final Io io;

  @Parameters(paramLabel = "ID", arity = "1..*", description = "a task's id; -: standard input")
  private List<String> ids = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = Times.class,
      description = "how long to wait in all (10m)")
  private Duration timeout = Duration.ofMinutes(10);

  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  WaitCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    boolean stdin = ids.remove("-");
    for (String id : ids) {
      Ids.checked(id);
    }
    try (Client client = connection.connect(io);
        var source = stdin ? IdSource.of(ids, io.in()) : IdSource.of(ids);
        var waiting = new Waiting(client, io, source)) {
      return waiting.run(timeout);
    }
  }
}
