package dev.penstock.fuzz;

import dev.penstock.engine.Backends;
import dev.penstock.models.ModelCatalogue;
import dev.penstock.subprocess.ChildAnswer;
import dev.penstock.subprocess.ChildLimits;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.subprocess.Subprocess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A directory in {@code models.dir}: it is a model, or broken for a reason in words. What is a
 * model is opened in a child process. That may die of it, since what opens it is native code, and
 * this process may not.
 */
final class ModelsTarget implements AutoCloseable {
  /** What Fuzz counts. */
  static final String DIED = "fuzz: the child died";

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int HEAP_MIB = 64;

  /** Mistakes of ours go by the names of what was thrown. */
  private static final Pattern MISTAKE =
      Pattern.compile(
          ".*\\((NullPointer|ClassCast|\\w*IndexOutOfBounds|Illegal\\w+|NumberFormat|Arithmetic"
              + "|NegativeArraySize|UnsupportedOperation|NoSuchElement|BufferUnderflow)Exception\\)");

  private final Path dir = Scratch.folder();
  private final ChildProcesses children = new ChildProcesses(OpeningChild.class.getName(), _ -> {});
  private final Subprocess child = children.open("open", ChildLimits.ofHeap(HEAP_MIB));
  private final Set<String> deaths = new HashSet<>();

  ModelsTarget() throws Exception {}

  void read(Map<String, byte[]> files) throws Exception {
    Path folder = Files.createDirectory(dir.resolve(OpeningChild.MODEL));
    try {
      write(folder, files);
      ModelCatalogue catalogue = ModelCatalogue.load(Backends.BUILT_IN.forms(), null, dir);
      boolean found = catalogue.known(OpeningChild.MODEL).isPresent();
      String reason = catalogue.broken().get(OpeningChild.MODEL);
      promise(found == (reason == null), "found: " + found + ", broken: " + reason);
      promise(reason == null || !reason.isBlank(), "broken without a word");
      promise(reason == null || !MISTAKE.matcher(reason).matches(), "broken: " + reason);
      if (found) {
        open();
      }
    } finally {
      Scratch.delete(folder);
    }
  }

  /** A name may be that of a folder already, or the other way round. */
  private static void write(Path folder, Map<String, byte[]> files) throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      try {
        Path path = folder.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        Files.write(path, file.getValue());
      } catch (FileSystemException e) {
        // The directory lacks that one.
      }
    }
  }

  private void open() throws InterruptedException {
    ChildAnswer answer = child.call(dir.toString().getBytes(StandardCharsets.UTF_8), LIMIT);
    switch (answer) {
      case ChildAnswer.Answered _, ChildAnswer.Refused _ -> {}
      case ChildAnswer.Crashed(String reason) -> {
        if (deaths.add(reason)) {
          System.err.println(DIED + ": " + reason);
        }
      }
      case ChildAnswer.Unavailable(String reason, _) ->
          throw new AssertionError("no further child starts: " + reason);
    }
  }

  private static void promise(boolean kept, String otherwise) {
    if (!kept) {
      throw new AssertionError(otherwise);
    }
  }

  @Override
  public void close() throws IOException {
    children.close();
    Scratch.delete(dir);
  }
}
