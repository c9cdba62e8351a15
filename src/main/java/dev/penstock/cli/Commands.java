package dev.penstock.cli;

import dev.penstock.base.Visible;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The commands for a running server, as subcommands of the program. */
public final class Commands {
  private Commands() {}

  /** Adds them to the program's command line, with what their failures print. */
  public static void addTo(CommandLine program) {
    addTo(program, Io.ofProcess());
  }

  static void addTo(CommandLine program, Io io) {
    List.of(
            new ChatCommand(io),
            new RunCommand(io),
            new ModelsCommand(io),
            new PullCommand(io),
            new SubmitCommand(io),
            new StatusCommand(io),
            new WaitCommand(io),
            new TailCommand(io),
            new DeleteCommand(io),
            new BenchCommand(io))
        .forEach(command -> program.addSubcommand(helpful(new CommandLine(command), program)));
    CommandLine keys = helpful(new CommandLine(new KeysCommand()), program);
    KeysCommand.parts(io)
        .forEach(part -> keys.addSubcommand(helpful(new CommandLine(part), program)));
    program.addSubcommand(keys);
    program.setCaseInsensitiveEnumValuesAllowed(true);
    IParameterExceptionHandler usual = program.getParameterExceptionHandler();
    program.setParameterExceptionHandler((e, arguments) ->
        e.getCommandLine().equals(program)
            ? usual.handleParseException(e, arguments)
            : wrong(e, io));
    program.setExecutionExceptionHandler((e, command, parsed) -> ended(e, io));
  }

  private static CommandLine helpful(CommandLine command, CommandLine program) {
    CommandSpec spec = command.getCommandSpec();
    spec.mixinStandardHelpOptions(true);
    spec.versionProvider(program.getCommandSpec().versionProvider());
    spec.usageMessage().footer(ExitCode.FOOTER);
    return command;
  }

  /** In one line: the usage of a command with many options would push the reason off the screen. */
  private static int wrong(ParameterException e, Io io) {
    String name = e.getCommandLine().getCommandSpec().qualifiedName();
    // Picocli says the word twice where an option takes KEY=VALUE.
    String why = String.valueOf(e.getMessage()).replaceFirst("^(Value for option) option ", "$1 ");
    io.complain(Visible.text(why) + " ('" + name + " --help' lists the options)");
    return ExitCode.REFUSED;
  }

  private static int ended(Exception e, Io io) throws Exception {
    return switch (e) {
      case Failure failure -> {
        if (!failure.text().isEmpty()) {
          io.complain(failure.text());
        }
        yield failure.code();
      }
      case InterruptedException interrupted -> {
        Thread.currentThread().interrupt();
        yield ExitCode.INTERRUPTED;
      }
      default -> throw e;
    };
  }
}
