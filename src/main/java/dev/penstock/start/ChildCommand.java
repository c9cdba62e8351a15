package dev.penstock.start;

import dev.penstock.subprocess.ChildLoop;
import dev.penstock.subprocess.ChildProgram;
import dev.penstock.types.ping.PingChild;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** What a node starts in a child process; nothing for people. */
@Command(name = ChildCommand.NAME, hidden = true, header = "Run as a child process of a node.")
public final class ChildCommand implements Callable<Integer> {
  public static final String NAME = "child";

  /** The class that a child process runs. */
  static final String MAIN = "dev.penstock.Main";

  /** Made in the child alone. */
  private static final Map<String, Supplier<ChildProgram>> PROGRAMS =
      Map.of("ping", PingChild::new);

  @Parameters(index = "0", paramLabel = "NAME")
  private String name = "";

  @Parameters(index = "1", paramLabel = "PARENT", description = "the process that started it")
  private long parent;

  @Override
  public Integer call() {
    Supplier<ChildProgram> program = PROGRAMS.get(name);
    if (program == null) {
      System.err.println("no child program is called " + name);
      return ChildLoop.WRONG;
    }
    ChildLoop.run(program.get(), parent);
    throw new IllegalStateException("it runs until the process ends");
  }
}
