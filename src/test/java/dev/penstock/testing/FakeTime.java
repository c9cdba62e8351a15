package dev.penstock.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The wall clock of a test's own processes, which the test may set while they run. Their monotonic
 * time is left alone. Made of libfaketime: {@code make deps} brings it.
 */
public final class FakeTime {
  private static final String LIBRARY = "faketime/libfaketimeMT.so.1";

  private final Path file;

  /**
   * A clock that is right as yet.
   *
   * @param file where it is written down
   */
  public FakeTime(Path file) throws IOException {
    this.file = file;
    set(0);
  }

  /** What a process needs in its environment. */
  public Map<String, String> environment() throws IOException {
    return Map.of(
        "LD_PRELOAD", library().toString(),
        "FAKETIME_TIMESTAMP_FILE", file.toAbsolutePath().toString(),
        "FAKETIME_CACHE_DURATION", "1",
        "NO_FAKE_STAT", "1",
        "DONT_FAKE_MONOTONIC", "1",
        "FAKETIME_DONT_RESET", "1");
  }

  private static Path library() throws IOException {
    try (Stream<Path> folders = Files.list(Path.of("/usr/lib"))) {
      return folders
          .map(folder -> folder.resolve(LIBRARY))
          .filter(Files::exists)
          .findAny()
          .orElseThrow(() -> new IOException("libfaketime is missing: make deps"));
    }
  }

  /** Sets the clock so many hours ahead of the right time, or behind it, within a second. */
  public void set(int hours) throws IOException {
    Path next = Path.of(file + ".next");
    Files.writeString(next, "%+dh\n".formatted(hours));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
