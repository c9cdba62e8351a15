package dev.penstock.start;

import dev.penstock.apart.ApartChild;
import dev.penstock.engine.llama.LlamaChild;
import dev.penstock.engine.trial.TrialChild;
import dev.penstock.engine.trial.Trials;
import dev.penstock.subprocess.ChildLoop;
import dev.penstock.subprocess.ChildProgram;
import dev.penstock.types.ping.PingChild;
import java.util.Map;
import java.util.function.Supplier;

/**
 * {@code penstock child NAME PARENT}: what a node starts in a child process; nothing for people, so
 * no help names it. It is read without the other commands, whose making takes longer than the start
 * of a child.
 */
public final class ChildCommand {
  /** The class that a child process runs. */
  static final String MAIN = "dev.penstock.Main";

  private static final int ARGUMENTS = 3;

  /** Made in the child alone. */
  private static final Map<String, Supplier<ChildProgram>> PROGRAMS =
      Map.of(
          "ping",
          PingChild::new,
          Trials.CHILD,
          TrialChild::new,
          LlamaChild.NAME,
          LlamaChild::new,
          ApartChild.NAME,
          () -> new ApartChild(ChildWorker::handlers));

  private ChildCommand() {}

  /** Whether these arguments are a parent's, who gives all of them. */
  public static boolean asked(String[] arguments) {
    return arguments.length == ARGUMENTS && arguments[0].equals("child");
  }

  /**
   * Runs the program until the process ends.
   *
   * @return the exit code where there is none of that name
   */
  public static int run(String[] arguments) {
    Supplier<ChildProgram> program = PROGRAMS.get(arguments[1]);
    if (program == null) {
      System.err.println("no child program is called " + arguments[1]);
      return ChildLoop.WRONG;
    }
    ChildLoop.run(program.get(), Long.parseLong(arguments[2]));
    throw new IllegalStateException("it runs until the process ends");
  }
}
