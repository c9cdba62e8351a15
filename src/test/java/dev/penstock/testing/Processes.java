package dev.penstock.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Processes that are not ours to wait for: of others, or of a parent that is gone. */
public final class Processes {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private Processes() {}

  /** Until it is gone, or a zombie that whoever took it over has yet to reap. */
  public static void awaitEnd(long process) throws Exception {
    Path status = Path.of("/proc/" + process + "/stat");
    Await.until(
        "process " + process + " has ended",
        LIMIT,
        () -> {
          try {
            return Files.readString(status).matches("(?s)\\d+ \\(.*\\) [ZX] .*");
          } catch (IOException e) {
            return true;
          }
        });
  }

  public static void signal(String name, long process) throws IOException, InterruptedException {
    int sent = new ProcessBuilder("kill", "-" + name, Long.toString(process)).start().waitFor();
    if (sent != 0) {
      throw new AssertionError("kill -" + name + " returned " + sent);
    }
  }
}
