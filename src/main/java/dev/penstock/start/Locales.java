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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The locale that names of files are read in. In {@code LANG=C}, as cron and systemd have it, Java
 * reads every character beyond ASCII as a question mark, and would keep its data in a folder of
 * that name, beside the one that is meant.
 */
public final class Locales {
  private static final String UTF_8 = "C.UTF-8";

  /** Set for the program that was started again: once is enough. */
  private static final String AGAIN = "PENSTOCK_STARTED_IN_UTF8";

  private static final String WITH_OPTION = "PENSTOCK_STARTED_AGAIN";

  /** Variables whose values are names of files, as our settings' are called. */
  private static final Pattern NAMES = Pattern.compile(".*_(DIR|PATH|FILE)");

  private static final Path PROCESS = Path.of("/proc/self");

  private Locales() {}

  /**
   * Returns where every name can be read. Otherwise this process becomes the same program in a
   * locale that can.
   *
   * @throws IOException when there is none: what is wrong, and how to start it
   */
  public static void ensureNames(String[] arguments) throws IOException {
    if (legible(arguments)) {
      return;
    }
    boolean again = System.getenv(AGAIN) != null;
    if (!again && Files.isReadable(PROCESS.resolve("cmdline"))) {
      become(strings(PROCESS.resolve("cmdline")), inUtf8(strings(PROCESS.resolve("environ"))));
    }
    throw new IOException(
        "names of files cannot be read in this locale (%s): start it with LC_ALL=%s, or in a folder and with settings of ASCII alone"
            .formatted(System.getProperty("sun.jnu.encoding"), UTF_8));
  }

  /**
   * This process becomes the same program with another option of the JVM. Returns where it cannot,
   * or has done so before.
   */
  static void startAgainWith(String option) throws IOException {
    if (System.getenv(WITH_OPTION) != null || !Files.isReadable(PROCESS.resolve("cmdline"))) {
      return;
    }
    List<byte[]> arguments = strings(PROCESS.resolve("cmdline"));
    int place = 0;
    while (place < arguments.size()
        && !new String(arguments.get(place), StandardCharsets.UTF_8).equals("-jar")) {
      place++;
    }
    if (place < arguments.size()) {
      arguments.add(place, option.getBytes(StandardCharsets.UTF_8));
      List<byte[]> environment = strings(PROCESS.resolve("environ"));
      environment.add((WITH_OPTION + "=1").getBytes(StandardCharsets.UTF_8));
      become(arguments, environment);
    }
  }

  private static boolean legible(String[] arguments) {
    return System.getProperty("sun.jnu.encoding", "").equalsIgnoreCase("UTF-8")
        || Stream.of(
                Stream.of(System.getProperty("user.dir"), System.getProperty("java.class.path")),
                Arrays.stream(arguments),
                System.getenv().entrySet().stream()
                    .filter(variable -> NAMES.matcher(variable.getKey()).matches())
                    .map(Map.Entry::getValue))
            .flatMap(all -> all)
            .noneMatch(Locales::mayBeGarbled);
  }

  /** What cannot be read is one of these by now. */
  private static boolean mayBeGarbled(String text) {
    return text.chars().anyMatch(c -> c == '?' || c > '~');
  }

  private static List<byte[]> inUtf8(List<byte[]> environment) {
    List<byte[]> all = new ArrayList<>();
    for (byte[] variable : environment) {
      if (!new String(variable, StandardCharsets.ISO_8859_1).startsWith("LC_ALL=")) {
        all.add(variable);
      }
    }
    all.add(("LC_ALL=" + UTF_8).getBytes(StandardCharsets.UTF_8));
    all.add((AGAIN + "=1").getBytes(StandardCharsets.UTF_8));
    return all;
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
  private static void become(List<byte[]> arguments, List<byte[]> environment) {
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
