package dev.penstock.bench;

import dev.penstock.bench.parts.CachePart;
import dev.penstock.bench.parts.ChildrenPart;
import dev.penstock.bench.parts.ClusterPart;
import dev.penstock.bench.parts.EmbedPart;
import dev.penstock.bench.parts.FilledPart;
import dev.penstock.bench.parts.LatencyPart;
import dev.penstock.bench.parts.ListsPart;
import dev.penstock.bench.parts.MemoryPart;
import dev.penstock.bench.parts.MixedPart;
import dev.penstock.bench.parts.NullPart;
import dev.penstock.bench.parts.OverloadPart;
import dev.penstock.bench.parts.Part;
import dev.penstock.bench.parts.PeersPart;
import dev.penstock.bench.parts.PiecesPart;
import dev.penstock.bench.parts.PingPart;
import dev.penstock.bench.parts.QueuePart;
import dev.penstock.bench.parts.ScalePart;
import dev.penstock.bench.parts.StartPart;
import dev.penstock.bench.parts.TextsPart;
import dev.penstock.bench.report.Machine;
import dev.penstock.bench.report.Plan;
import dev.penstock.bench.report.Report;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The benchmark: {@code make bench}. */
@Command(
    name = "bench",
    sortOptions = false,
    description = {
      "Starts the real program and measures it.",
      "The whole takes up to 14 minutes on two cores; nothing else should run meanwhile.",
      "start: to ready. memory: resident. ping: tasks that do nothing. filled: beside 100,000 stored tasks.",
      "null: with a model that costs nothing. mixed: single requests beside a bulk job. embed: beside the bare model.",
      "Not in it: cache, scale, overload, children, lists, pieces and texts; cluster, latency and scale-brokers, which need",
      "RabbitMQ and Redis;",
      "peers and queue, with libraries and task queues of others: make bench-peers, make bench-queue."
    })
final class Bench implements Callable<Integer> {
  private static final long SEED = 20_260_101;

  /** A part, by the name it has on the command line. */
  enum Choice {
    START,
    MEMORY,
    PING,
    FILLED,
    CLUSTER,
    LATENCY,
    PEERS,
    QUEUE,
    SCALE,
    SCALE_BROKERS,
    OVERLOAD,
    CHILDREN,
    NULL,
    MIXED,
    CACHE,
    PIECES,
    LISTS,
    TEXTS,
    EMBED,
    ALL;

    List<Part> parts() {
      return switch (this) {
        case START -> List.of(new StartPart());
        case MEMORY -> List.of(new MemoryPart());
        case PING -> List.of(new PingPart());
        case FILLED -> List.of(new FilledPart());
        case CLUSTER -> List.of(new ClusterPart());
        case LATENCY -> List.of(new LatencyPart());
        case PEERS -> List.of(new PeersPart());
        case QUEUE -> List.of(new QueuePart());
        case SCALE -> List.of(new ScalePart(false));
        case SCALE_BROKERS -> List.of(new ScalePart(true));
        case OVERLOAD -> List.of(new OverloadPart());
        case CHILDREN -> List.of(new ChildrenPart());
        case NULL -> List.of(new NullPart());
        case MIXED -> List.of(new MixedPart());
        case CACHE -> List.of(new CachePart());
        case PIECES -> List.of(new PiecesPart());
        case LISTS -> List.of(new ListsPart());
        case TEXTS -> List.of(new TextsPart());
        case EMBED -> List.of(new EmbedPart());
        case ALL ->
            List.of(
                new StartPart(),
                new MemoryPart(),
                new PingPart(),
                new FilledPart(),
                new NullPart(),
                new MixedPart(),
                new EmbedPart());
      };
    }

    /** The mark of its tables: what is no part of the whole run has a place of its own. */
    String place() {
      return switch (this) {
        case CACHE,
            CHILDREN,
            CLUSTER,
            LATENCY,
            LISTS,
            PIECES,
            PEERS,
            TEXTS,
            QUEUE,
            SCALE,
            SCALE_BROKERS,
            OVERLOAD ->
            toString();
        case START, MEMORY, PING, FILLED, NULL, MIXED, EMBED, ALL -> "figures";
      };
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Parameters(
      arity = "0..*",
      paramLabel = "PART",
      description =
          "What to measure: ${COMPLETION-CANDIDATES}. Default: all but those of their own.")
  private List<Choice> parts = List.of(Choice.ALL);

  @Option(
      names = "--quick",
      description = "Less than 2 minutes: shows that it works, not how fast it is.")
  private boolean quick;

  @Option(
      names = "--markdown",
      paramLabel = "FILE",
      description = "Write the tables into FILE too, in place of those there.")
  private @Nullable Path markdown;

  @Option(
      names = "--minutes",
      paramLabel = "N",
      description = "Begin no measurement after this time; those left out are named.")
  private @Nullable Integer minutes;

  @Option(names = "--seed", description = "Seed of the texts. Default: ${DEFAULT-VALUE}.")
  private long seed = SEED;

  @Option(names = "--help", usageHelp = true, description = "Print this and end.")
  @SuppressWarnings("UnusedVariable") // Naming it is all picocli needs.
  private boolean help;

  public static void main(String[] args) {
    Surroundings.prepare();
    System.exit(
        new CommandLine(new Bench()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (!Surroundings.jarThere()) {
      return CommandLine.ExitCode.USAGE;
    }
    Plan plan = quick ? Plan.quick() : Plan.full();
    Duration limit = minutes == null ? plan.limit() : Duration.ofMinutes(minutes);
    Map<String, Report> reports = new LinkedHashMap<>();
    Path scratch = Surroundings.scratch();
    try {
      // Described first: afterwards the machine would seem busy.
      String machine = Machine.describe(scratch, arguments());
      System.out.println(machine);
      var texts = new Texts(seed);
      long until = System.nanoTime() + limit.toNanos();
      for (Choice choice : chosen()) {
        Report report = reports.computeIfAbsent(choice.place(), _ -> new Report());
        for (Part part : choice.parts()) {
          part.run(new Session(plan, report, texts, scratch, until));
        }
      }
      for (var placed : reports.entrySet()) {
        System.out.println(placed.getValue().aims());
        if (markdown != null) {
          placed.getValue().write(markdown, placed.getKey(), machine);
        }
      }
      return CommandLine.ExitCode.OK;
    } finally {
      Folders.delete(scratch);
    }
  }

  private Set<Choice> chosen() {
    return parts.contains(Choice.ALL) ? EnumSet.of(Choice.ALL) : EnumSet.copyOf(parts);
  }

  private String arguments() {
    String chosen = parts.stream().map(Choice::toString).collect(Collectors.joining(" "));
    String all = (parts.contains(Choice.ALL) ? "" : chosen) + (quick ? " --quick" : "");
    return all.isEmpty() ? "" : " ARGS=\"" + all.strip() + "\"";
  }
}
