package dev.penstock.subprocess;

/** What a child's exit code says. */
final class ExitWords {
  /** Java gives a signal this much more than its number, as shells do. */
  private static final int SIGNALLED = 128;

  private ExitWords() {}

  /** Whether the reason of a crash says that its end may have come from outside. */
  static boolean fromOutside(String reason) {
    // Only there: what it printed comes behind.
    return reason.matches("(?s)the child process \\S+ ended: exit (137|143), .*");
  }

  static String of(int code, ChildLimits limits) {
    return switch (code) {
      case ChildLoop.OUT_OF_MEMORY ->
          "exit 3, out of memory (a heap of %d MiB)".formatted(limits.heapMib());
      case ChildLoop.ORPHANED -> "exit 4, its pipes broke";
      case SIGNALLED + 4 -> signal(code, "illegal instruction");
      case SIGNALLED + 6 -> signal(code, "aborted");
      case SIGNALLED + 7 -> signal(code, "bus error");
      case SIGNALLED + 8 -> signal(code, "arithmetic error");
      case SIGNALLED + 9 -> signal(code, "killed, from outside or for want of memory");
      case SIGNALLED + 11 -> signal(code, "segmentation fault");
      case SIGNALLED + 15 -> signal(code, "terminated from outside");
      default -> code > SIGNALLED ? signal(code, "") : "exit " + code;
    };
  }

  private static String signal(int code, String words) {
    return "exit %d, signal %d%s"
        .formatted(code, code - SIGNALLED, words.isEmpty() ? "" : " (" + words + ")");
  }
}
