package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code penstock keys}: makes, lists and revokes API keys. */
@Command(
    name = "keys",
    sortOptions = false,
    header = "Make, list and revoke API keys; needs a key with the scope admin.",
    description = "")
final class KeysCommand implements Callable<Integer> {
  private static final String PATH = "/v1/keys";

  @Spec
  @SuppressWarnings("NullAway.Init") // Set before it is called.
  private CommandSpec spec;

  /** What follows the word. */
  static List<Callable<Integer>> parts(Io io) {
    return List.of(new Create(io), new Listing(io), new Revoke(io));
  }

  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(), "Say what to do: " + String.join(", ", spec.subcommands().keySet()));
  }

  @Command(
      name = "create",
      sortOptions = false,
      header = "Make a key and print it as a JSON line: it is shown this once.",
      description = "")
  private static final class Create implements Callable<Integer> {
    private final Io io;

    @Parameters(paramLabel = "OWNER", description = "whose tasks its holder sees and makes")
    private String owner = "";

    @Option(
        names = "--scope",
        paramLabel = "SCOPE",
        split = ",",
        description = "client (unless said), worker, admin or metrics; may be repeated")
    private List<String> scopes = new ArrayList<>();

    @Option(names = "--label", paramLabel = "TEXT", description = "what you call it")
    private @Nullable String label;

    @Option(
        names = "--max-priority",
        paramLabel = "N",
        description = "the highest priority its holder may ask for, 0 to 10")
    private @Nullable Integer highest;

    @Option(
        names = "--lane",
        paramLabel = "LANE",
        split = ",",
        description = "of a worker's key: the lanes it may serve, or types; all unless said")
    private List<String> lanes = new ArrayList<>();

    @Option(
        names = "--tasks-of",
        paramLabel = "OWNER",
        split = ",",
        description = "of a worker's key: whose tasks it may serve; everybody's unless said")
    private List<String> owners = new ArrayList<>();

    @Mixin private ConnectionOptions connection = new ConnectionOptions();

    Create(Io io) {
      this.io = io;
    }

    @Override
    public Integer call() throws Failure, InterruptedException {
      ObjectNode key = JsonLines.object();
      key.put("owner", owner);
      var words = key.putArray("scopes");
      (scopes.isEmpty() ? List.of("client") : scopes).forEach(words::add);
      if (label != null) {
        key.put("label", label);
      }
      if (highest != null) {
        key.put("max_priority", highest);
      }
      put(key, "lanes", lanes);
      put(key, "owners", owners);
      try (Client client = connection.connect(io)) {
        io.line(JsonLines.line(client.post(PATH, key, null).orFail()));
        return ExitCode.OK;
      }
    }

    private static void put(ObjectNode key, String field, List<String> names) {
      if (!names.isEmpty()) {
        var all = key.putArray(field);
        names.forEach(all::add);
      }
    }
  }

  @Command(
      name = "list",
      sortOptions = false,
      header = "Print the keys as JSON lines, newest first, without the keys themselves.",
      description = "")
  private static final class Listing implements Callable<Integer> {
    private final Io io;

    @Mixin private ConnectionOptions connection = new ConnectionOptions();

    Listing(Io io) {
      this.io = io;
    }

    @Override
    public Integer call() throws Failure, InterruptedException {
      try (Client client = connection.connect(io)) {
        for (JsonNode key : client.get(PATH).orFail().path("data")) {
          io.line(JsonLines.line(key));
        }
        return ExitCode.OK;
      }
    }
  }

  @Command(
      name = "revoke",
      sortOptions = false,
      header = "End keys for good; prints each as a JSON line.",
      description = "")
  private static final class Revoke implements Callable<Integer> {
    private final Io io;

    @Parameters(paramLabel = "ID", arity = "1..*", description = "a key's id, as list prints it")
    private List<String> ids = new ArrayList<>();

    @Mixin private ConnectionOptions connection = new ConnectionOptions();

    Revoke(Io io) {
      this.io = io;
    }

    /** One that is not known holds up none of the others. */
    @Override
    public Integer call() throws Failure, InterruptedException {
      int worst = ExitCode.OK;
      try (Client client = connection.connect(io)) {
        for (String id : ids) {
          Answer answer = client.delete(PATH + "/" + URLEncoder.encode(id, StandardCharsets.UTF_8));
          if (answer.status() == Answer.NOT_FOUND) {
            io.complain(id + ": " + answer.message());
            worst = ExitCode.REFUSED;
          } else {
            io.line(JsonLines.line(answer.orFail()));
          }
        }
      }
      return worst;
    }
  }
}
