package dev.penstock;

/**
 * What {@code java -jar} runs. It is compiled for Java 8, so that a JDK that is too old for the
 * program can say which one is needed.
 */
public final class Launcher {
  private static final int NEEDED = 25;
  private static final int CANNOT_START = 1;

  private Launcher() {}

  public static void main(String[] arguments) throws Exception {
    String version = System.getProperty("java.specification.version", "?");
    if (feature(version) < NEEDED) {
      System.err.println(
          "penstock needs JDK "
              + NEEDED
              + " or newer, and this is JDK "
              + version
              + " in "
              + System.getProperty("java.home")
              + ": install one from https://adoptium.net/temurin/releases/?version="
              + NEEDED
              + " or your system's packages, and start with its java");
      System.exit(CANNOT_START);
    }
    Class.forName("dev.penstock.Main")
        .getMethod("main", String[].class)
        .invoke(null, (Object) arguments);
  }

  /** Java 8 calls itself 1.8. */
  private static int feature(String version) {
    String number = version.startsWith("1.") ? version.substring(2) : version;
    try {
      return Integer.parseInt(number);
    } catch (NumberFormatException e) {
      return NEEDED; // Of a form that nobody knows yet: it is new.
    }
  }
}
