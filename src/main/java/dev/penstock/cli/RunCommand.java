package dev.penstock.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code penstock run}: one question, one answer. */
@Command(
    name = "run",
    sortOptions = false,
    header = "Ask a model once, and print its answer as it comes.",
    description = {
      "",
      "What comes over standard input is part of the question, below the prompt:"
          + " penstock run MODEL 'Sum this up:' < notes.txt",
      ""
    })
final class RunCommand implements Callable<Integer> {
  private final Io io;

  @Parameters(paramLabel = "MODEL", index = "0", description = "the model")
  private String model = "";

  @Parameters(paramLabel = "PROMPT", index = "1..*", arity = "0..*", description = "the question")
  private List<String> prompt = new ArrayList<>();

  @Mixin private ModelOptions options = new ModelOptions();
  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  RunCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    String question = question();
    try (Client client = connection.connect(io)) {
      var talk = new Conversation(model, options);
      talk.ask(question);
      var screen = new AnswerScreen(io);
      var answer = new ChatAnswer(client, screen);
      answer.follow(talk.request());
      screen.end();
      answer.tell(options.verbose());
      return ExitCode.OK;
    }
  }

  private String question() throws Failure {
    String asked = String.join(" ", prompt);
    @Nullable String piped =
        io.inTerminal() ? null : new LineReader(io.in(), "standard input").rest();
    if (piped == null || piped.isBlank()) {
      if (asked.isBlank()) {
        throw Failure.refused(
            "say what to ask: penstock run " + model + " \"Why is the sky blue?\"");
      }
      return asked;
    }
    return asked.isBlank() ? piped : asked + "\n\n" + piped;
  }
}
