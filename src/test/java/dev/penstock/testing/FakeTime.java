package dev.penstock.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The wall clock of a test's own processes, which the test may set while they run. Their monotonic
 * time is left alone. {@code src/test/c/clock.c} is loaded before their own libraries.
 */
public final class FakeTime {
  private static final Path SOURCE = Path.of("src/test/c/clock.c");
  private static final Path LIBRARY = Path.of("target/clock/clock.so").toAbsolutePath();
  private static final int LONGEST_BUILD_S = 60;

  private final Path file;

  /**
   * A clock that is right as yet.
   *
   * @param file where it is written down
   */
  public FakeTime(Path file) throws IOException {
    this.file = file.toAbsolutePath();
    set(Duration.ZERO);
    build();
  }

  /** What a process needs in its environment. */
  public Map<String, String> environment() {
    return Map.of("LD_PRELOAD", LIBRARY.toString(), "CLOCK_FILE", file.toString());
  }

  /** Sets the clock so far ahead of the right time, or behind it, at once. */
  public void set(Duration ahead) throws IOException {
    ByteBuffer seconds = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
    seconds.putLong(ahead.toSeconds()).flip();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(seconds, 0);
    }
  }

  private static synchronized void build() throws IOException {
    if (Files.exists(LIBRARY)) {
      return;
    }
    Files.createDirectories(LIBRARY.getParent());
    try {
      Process compiler =
          new ProcessBuilder(
                  "cc",
                  "-shared",
                  "-fPIC",
                  "-nostdlib",
                  "-o",
                  LIBRARY.toString(),
                  SOURCE.toString())
              .inheritIO()
              .start();
      if (!compiler.waitFor(LONGEST_BUILD_S, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
        throw new IOException("cc did not compile " + SOURCE);
      }
    } catch (InterruptedException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }
}
