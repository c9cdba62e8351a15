package dev.penstock.start;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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

  /** Variables whose values are names of files, as our settings' are called. */
  private static final Pattern NAMES = Pattern.compile(".*_(DIR|PATH|FILE)");

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
    if (!again && SameProcess.canStartAgain()) {
      SameProcess.startAgain(SameProcess.arguments(), inUtf8(SameProcess.environment()));
    }
    throw new IOException(
        "names of files cannot be read in this locale (%s): start it with LC_ALL=%s, or in a folder and with settings of ASCII alone"
            .formatted(System.getProperty("sun.jnu.encoding"), UTF_8));
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
}
