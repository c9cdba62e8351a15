package dev.penstock;

import picocli.CommandLine;

/** The program: reads the command line and does what it asks for. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    int status = new CommandLine(new ServeCommand()).execute(arguments);
    if (status != ServeCommand.SERVING) {
      System.exit(status);
    }
  }
}
