package dev.penstock;

import dev.penstock.cli.Commands;
import dev.penstock.start.CalibrateCommand;
import dev.penstock.start.ChildCommand;
import dev.penstock.start.Locales;
import dev.penstock.start.ServeCommand;
import dev.penstock.start.WorkerCommand;
import java.io.IOException;
import picocli.CommandLine;

/** The program: reads the command line and does what it asks for. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    if (ChildCommand.asked(arguments)) {
      System.exit(ChildCommand.run(arguments));
    }
    try {
      Locales.ensureNames(arguments);
    } catch (IOException e) {
      System.err.println("penstock cannot start: " + e.getMessage());
      System.exit(ServeCommand.CANNOT_START);
    }
    var program = new CommandLine(new ServeCommand());
    Commands.addTo(program);
    program.addSubcommand(new WorkerCommand());
    program.addSubcommand(new CalibrateCommand());
    int status = program.execute(arguments);
    if (status != ServeCommand.SERVING) {
      System.exit(status);
    }
  }
}
