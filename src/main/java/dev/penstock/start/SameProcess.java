package dev.penstock.start;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * This process, which may become the program anew: with what the JVM takes at its start alone.
 * Whoever started it sees the same process go on. On Linux.
 */
final class SameProcess {
  private static final Path PROCESS = Path.of("/proc/self");

  private static final String OUT_OF_MEMORY = "OnOutOfMemoryError";

  private SameProcess() {}

  static boolean canStartAgain() {
    return Files.isReadable(PROCESS.resolve("cmdline"));
  }

  static List<byte[]> arguments() throws IOException {
    return strings(PROCESS.resolve("cmdline"));
  }

  static List<byte[]> environment() throws IOException {
    return strings(PROCESS.resolve("environ"));
  }

  /**
   * Returns where running out of memory ends the process, or where that cannot be had. A program
   * that goes on without what it could not make is half dead and says that it is well; started
   * anew, it loses nothing. The scripts that start the program ask the JVM for it themselves.
   */
  static void endWhenOutOfMemory() throws IOException {
    if (!System.getenv().getOrDefault("JDK_JAVA_OPTIONS", "").contains(OUT_OF_MEMORY)) {
      startAgainWith("-XX:+Exit" + OUT_OF_MEMORY, OUT_OF_MEMORY);
    }
  }

  /**
   * This process becomes the same program with another option of the JVM. Returns where it cannot,
   * or has such an option.
   *
   * @param name what the option is known by
   */
  static void startAgainWith(String option, String name) throws IOException {
    if (!canStartAgain()) {
      return;
    }
    List<byte[]> arguments = arguments();
    List<String> words =
        arguments.stream().map(word -> new String(word, StandardCharsets.UTF_8)).toList();
    int place = words.indexOf("-jar");
    if (place > 0 && words.subList(0, place).stream().noneMatch(word -> word.contains(name))) {
      arguments.add(place, option.getBytes(StandardCharsets.UTF_8));
      startAgain(arguments, environment());
    }
  }

  /** Strings that each end in a zero. */
  private static List<byte[]> strings(Path file) throws IOException {
    List<byte[]> all = new ArrayList<>();
    var one = new ByteArrayOutputStream();
    for (byte b : Files.readAllBytes(file)) {
      if (b == 0) {
        all.add(one.toByteArray());
        one.reset();
      } else {
        one.write(b);
      }
    }
    return all;
  }

  /** Returns only where that failed. */
  @SuppressWarnings("restricted")
  static void startAgain(List<byte[]> arguments, List<byte[]> environment) {
    Linker linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      MethodHandle execve =
          linker.downcallHandle(
              linker.defaultLookup().find("execve").orElseThrow(),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.ADDRESS,
                  ValueLayout.ADDRESS,
                  ValueLayout.ADDRESS));
      int _ =
          (int)
              execve.invokeExact(
                  arena.allocateFrom(PROCESS.resolve("exe").toString()),
                  array(arena, arguments),
                  array(arena, environment));
    } catch (Throwable e) {
      throw new IllegalStateException("execve cannot be called", e);
    }
  }

  private static MemorySegment array(Arena arena, List<byte[]> strings) {
    MemorySegment array = arena.allocate(ValueLayout.ADDRESS, strings.size() + 1L);
    for (int i = 0; i < strings.size(); i++) {
      byte[] bytes = strings.get(i);
      MemorySegment string = arena.allocate(bytes.length + 1L);
      MemorySegment.copy(bytes, 0, string, ValueLayout.JAVA_BYTE, 0, bytes.length);
      array.setAtIndex(ValueLayout.ADDRESS, i, string);
    }
    array.setAtIndex(ValueLayout.ADDRESS, strings.size(), MemorySegment.NULL);
    return array;
  }
}
