package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Visible;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code penstock chat}: a conversation with a model. */
@Command(
    name = "chat",
    sortOptions = false,
    header = "Talk with a model: type a message, read the answer as it comes.",
    description = {
      "",
      "Ctrl-C stops an answer, Ctrl-D or /bye ends. /help lists what else there is. Where no person"
          + " types, each line of standard input is a message.",
      ""
    })
final class ChatCommand implements Callable<Integer> {
  private static final String HELP =
      """
      /model NAME    go on with another model; without a name: which one answers
      /models        the models that there are
      /system TEXT   what the model is told to be; without a text: nothing
      /again         have the last message answered anew
      /clear         forget what was said
      /save FILE     write the conversation to a file, as JSON
      /load FILE     go on with a conversation that was saved
      /bye           end, as does Ctrl-D
      Ctrl-C stops an answer. \"\"\" begins and ends a message of several lines.
      """;

  private static final String QUOTES = "\"\"\"";

  private final Io io;

  @Parameters(
      paramLabel = "MODEL",
      arity = "0..1",
      description = "the model; may be left out where the server has only one")
  private @Nullable String model;

  @Option(names = "--load", paramLabel = "FILE", description = "go on with a saved conversation")
  private @Nullable Path load;

  @Mixin private ModelOptions options = new ModelOptions();
  @Mixin private ConnectionOptions connection = new ConnectionOptions();

  ChatCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() throws Failure, InterruptedException {
    try (Client client = connection.connect(io);
        ChatLines lines = ChatLines.of(io)) {
      var talk = new Conversation(model, options);
      if (load != null) {
        load(talk, load.toString());
      }
      if (talk.model() == null) {
        talk.use(ModelsCommand.only(client));
      }
      if (io.outTerminal()) {
        io.line(Visible.text("%s; /help lists what there is".formatted(talk.model())));
      }
      return talk(client, lines, talk);
    }
  }

  private int talk(Client client, ChatLines lines, Conversation talk)
      throws Failure, InterruptedException {
    int worst = ExitCode.OK;
    while (true) {
      String line;
      switch (message(lines)) {
        case ChatLines.Read.End _ -> {
          return worst;
        }
        case ChatLines.Read.Dropped _ -> {
          continue;
        }
        case ChatLines.Read.Line(String text) -> line = text;
      }
      String word = line.strip();
      if (word.equals("/bye") || word.equals("/exit") || word.equals("/quit")) {
        return worst;
      }
      try {
        if (word.startsWith("/") && !word.contains("\n")) {
          obey(word, client, lines, talk);
        } else if (!word.isEmpty()) {
          talk.ask(line);
          answer(client, lines, talk);
        }
      } catch (Failure failure) {
        // One answer that fails does not end the conversation, unless nobody types.
        if (!io.inTerminal() || failure.code() == ExitCode.INTERRUPTED) {
          throw failure;
        }
        io.complain(failure.text());
        worst = ExitCode.worse(worst, failure.code());
      }
    }
  }

  /** A line, or several between quotes. */
  private static ChatLines.Read message(ChatLines lines) throws Failure {
    ChatLines.Read first = lines.next(">>> ");
    if (!(first instanceof ChatLines.Read.Line(String text)) || !text.startsWith(QUOTES)) {
      return first;
    }
    List<String> all = new ArrayList<>();
    String line = text.substring(QUOTES.length());
    while (!line.endsWith(QUOTES)) {
      all.add(line);
      switch (lines.next("... ")) {
        case ChatLines.Read.Line(String next) -> line = next;
        case ChatLines.Read.Dropped dropped -> {
          return dropped;
        }
        case ChatLines.Read.End end -> {
          return end;
        }
      }
    }
    all.add(line.substring(0, line.length() - QUOTES.length()));
    return new ChatLines.Read.Line(String.join("\n", all));
  }

  private void answer(Client client, ChatLines lines, Conversation talk)
      throws Failure, InterruptedException {
    var screen = new AnswerScreen(io);
    var answer = new ChatAnswer(client, screen);
    Thread self = Thread.currentThread();
    lines.atInterrupt(self::interrupt);
    try {
      answer.follow(talk.request());
      screen.end();
      answer.tell(options.verbose());
    } catch (InterruptedException e) {
      if (!io.inTerminal()) {
        throw e;
      }
      screen.end(); // stopped by hand: what was said stays said
    } finally {
      lines.atInterrupt(null);
      var _ = Thread.interrupted(); // a second Ctrl-C meant this answer too
      if (answer.text().isEmpty()) {
        talk.takeBack();
      } else {
        talk.answered(answer.text());
      }
    }
  }

  private void obey(String line, Client client, ChatLines lines, Conversation talk)
      throws Failure, InterruptedException {
    int space = line.indexOf(' ');
    String word = space < 0 ? line : line.substring(0, space);
    String rest = space < 0 ? "" : line.substring(space + 1).strip();
    switch (word) {
      case "/help", "/?" -> io.line(HELP.stripTrailing());
      case "/model" -> {
        if (!rest.isEmpty()) {
          ModelsCommand.require(client, rest);
          talk.use(rest);
        }
        io.line(Visible.text(String.valueOf(talk.model())));
      }
      case "/models" -> {
        for (JsonNode each : ModelsCommand.list(client)) {
          if (ModelsCommand.makesTexts(each)) {
            io.line(Visible.text(each.path("id").asText()));
          }
        }
      }
      case "/system" -> talk.system(rest);
      case "/again" -> {
        if (!talk.askAgain()) {
          throw Failure.refused("nothing was asked yet");
        }
        answer(client, lines, talk);
      }
      case "/clear" -> talk.clear();
      case "/save" -> save(talk, rest);
      case "/load" -> load(talk, rest);
      default -> throw Failure.refused(Visible.quoted(word) + " is no command; /help lists them");
    }
  }

  private void save(Conversation talk, String file) throws Failure {
    try {
      Path path = path(file, "/save");
      talk.save(path);
      if (io.outTerminal()) {
        io.line(Visible.text("%d messages are in %s".formatted(talk.messages(), path)));
      }
    } catch (IOException e) {
      throw Failure.refused(Visible.text(file + " cannot be written: " + e.getMessage()));
    }
  }

  private static void load(Conversation talk, String file) throws Failure {
    try {
      talk.load(path(file, "/load"));
    } catch (IOException e) {
      throw Failure.refused(Visible.text(file + " cannot be read: " + e.getMessage()));
    }
  }

  private static Path path(String file, String command) throws Failure {
    if (file.isEmpty()) {
      throw Failure.refused("say which file: " + command + " talk.json");
    }
    try {
      return Path.of(file);
    } catch (InvalidPathException e) {
      throw Failure.refused(Visible.quoted(file) + " is no name of a file");
    }
  }
}
