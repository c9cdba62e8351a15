package dev.penstock.base;

/**
 * What a stranger's JSON becomes in memory when it is read: a wide object takes thirty times its
 * bytes. Whoever is about to read some takes the room first.
 */
public final class ParsedJson {
  /** For bodies of requests, in this process: all share its heap. */
  public static final Room REQUESTS = new Room(Runtime.getRuntime().maxMemory() / 4);

  /** The same for inputs of tasks that run, which may take long. */
  public static final Room RUNS = new Room(Runtime.getRuntime().maxMemory() / 8);

  /** Two for each character of the text, and one for those that strings keep. */
  private static final int TEXT = 3;

  /** A string without its characters, as a key or in a node. */
  private static final int STRING = 64;

  /** An entry in an object's table and one in the set of keys that were seen, and the node. */
  private static final int MEMBER = 160;

  /** A node in a list's array. */
  private static final int ITEM = 32;

  private static final int LIST = 64;
  private static final int OBJECT = 160;

  /** Name and value of a form's field, and its place in a table. */
  private static final int FIELD = 256;

  private ParsedJson() {}

  /**
   * About how many bytes it takes as a tree, its text included while it is read. Whether it is JSON
   * does not matter.
   */
  public static long bytes(byte[] json) {
    long bytes = (long) TEXT * json.length + STRING;
    boolean string = false;
    for (int i = 0; i < json.length; i++) {
      byte each = json[i];
      if (string) {
        if (each == '\\') {
          i++;
        }
        string = each != '"';
        continue;
      }
      switch (each) {
        case '"' -> {
          string = true;
          bytes += STRING;
        }
        case ':' -> bytes += MEMBER;
        case ',' -> bytes += ITEM;
        case '[' -> bytes += LIST;
        case '{' -> bytes += OBJECT;
        default -> {}
      }
    }
    return bytes;
  }

  /** The same of a form's fields. */
  public static long bytesOfForm(byte[] form) {
    long bytes = (long) TEXT * form.length;
    for (byte each : form) {
      if (each == '&') {
        bytes += FIELD;
      }
    }
    return bytes;
  }
}
