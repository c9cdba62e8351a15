package dev.penstock;

import dev.penstock.cli.Commands;
import dev.penstock.start.CalibrateCommand;
import dev.penstock.start.ChildCommand;
import dev.penstock.start.ServeCommand;
import dev.penstock.start.WorkerCommand;
import picocli.CommandLine;

/** The program: reads the command line and does what it asks for. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    var program = new CommandLine(new ServeCommand());
    Commands.addTo(program);
    program.addSubcommand(new WorkerCommand());
    program.addSubcommand(new CalibrateCommand());
    program.addSubcommand(new ChildCommand());
    int status = program.execute(arguments);
    if (status != ServeCommand.SERVING) {
      System.exit(status);
    }
  }
}
