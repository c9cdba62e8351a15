package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code penstock tail}: follows a task, or the newest tasks. */
@Command(
    name = "tail",
    sortOptions = false,
    header = "Follow a task's events to its end, or without an ID the newest tasks until Ctrl-C.",
    description = {
      "",
      "On a terminal it shows lines and a progress bar, else JSON lines. Without an ID it looks"
          + " once a second at the newest tasks, and shows those that are new or have changed.",
      ""
    })
final class TailCommand implements Callable<Integer> {
  private static final Duration EVERY = Duration.ofSeconds(1);

  private final Io io;

  @Parameters(paramLabel = "ID", arity = "0..1", description = "a task's id")
  private @Nullable String id;

  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  TailCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    String checked = id == null ? null : Ids.checked(id);
    try (Client client = connection.connect(io)) {
      var screen = new Screen(io);
      if (checked != null) {
        return Tasks.exitCode(new TaskEvents(client, checked, screen).follow());
      }
      var recent = new RecentTasks(client);
      while (true) {
        for (JsonNode task : recent.look()) {
          screen.status(task);
        }
        Thread.sleep(EVERY);
      }
    }
  }
}
