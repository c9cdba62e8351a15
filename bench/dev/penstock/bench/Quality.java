package dev.penstock.bench;

import dev.penstock.bench.report.Report;
import dev.penstock.testing.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The quality of the vectors, beside what is published, and of rendered chat templates: {@code make
 * quality DATA=folder}.
 */
@Command(
    name = "quality",
    sortOptions = false,
    description = {
      "Embeds the STS Benchmark's test set through a running program and correlates the cosine of",
      "each pair with its score; renders chat templates. Ends with 1 when the default model is not",
      "what was published, or a template is not rendered as expected."
    })
final class Quality implements Callable<Integer> {
  private static final String FILE = "stsb-test.tsv";
  private static final int INPUTS = 64;
  private static final int CLIENTS = 2;
  private static final int ALONE = 64;

  /**
   * STSBenchmark, cosine Spearman of the fp32 models: MTEB results, embeddings-benchmark/results at
   * f4cc6c8. Nobody has published figures of the int8 files, so they stand beside the fp32 ones.
   */
  private static final List<Model> MODELS =
      List.of(
          new Model("all-minilm-l6-v2", 0.82032, false),
          new Model("all-minilm-l6-v2-q", 0.82032, true),
          new Model("bge-small-en-v1.5-q", 0.85863, true));

  /** What the default model must reach. */
  private static final double EXPECTED = 0.8203;

  private static final double TOLERANCE = 0.0005;

  private record Model(String name, double published, boolean quantised) {}

  @Parameters(
      paramLabel = "FOLDER",
      description = "Has " + FILE + ", and may have " + TemplateCases.FILE + ".")
  private Path folder = Path.of("");

  @Option(
      names = "--markdown",
      paramLabel = "FILE",
      description = "Write the table into FILE too, in place of the one there.")
  private @Nullable Path markdown;

  @Option(names = "--help", usageHelp = true, description = "Print this and end.")
  @SuppressWarnings("UnusedVariable") // Naming it is all picocli needs.
  private boolean help;

  public static void main(String[] args) {
    Surroundings.prepare();
    System.exit(new CommandLine(new Quality()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    boolean templatesRight = TemplateCases.allRight(folder);
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      System.err.println("there is no " + file);
      return CommandLine.ExitCode.USAGE;
    }
    if (!Surroundings.jarThere()) {
      return CommandLine.ExitCode.USAGE;
    }
    List<StsPair> pairs = StsPair.read(file);
    var table =
        new Report.Table(
            "model",
            "Spearman",
            "published",
            "difference",
            "texts",
            "seconds",
            "alone and in company differ by");
    boolean right = true;
    Path scratch = Surroundings.scratch();
    try (Server server = Server.start(scratch, Server.withoutCache(Map.of()))) {
      for (Model model : MODELS) {
        double measured = measure(server, model, pairs, table);
        right &= model.quantised() || Math.abs(measured - EXPECTED) <= TOLERANCE;
      }
    } finally {
      Folders.delete(scratch);
    }
    System.out.println(table.markdown());
    if (markdown != null) {
      Report.insert(markdown, "quality", "\n" + table.markdown());
    }
    if (!right) {
      System.err.printf(
          Locale.ROOT,
          "%s is outside %.4f ± %.4f%n",
          MODELS.getFirst().name(),
          EXPECTED,
          TOLERANCE);
    }
    return right && templatesRight ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private static double measure(Server server, Model model, List<StsPair> pairs, Report.Table table)
      throws Exception {
    List<String> texts = new ArrayList<>();
    for (StsPair pair : pairs) {
      texts.add(pair.first());
      texts.add(pair.second());
    }
    long start = System.nanoTime();
    List<float[]> vectors = embed(server, model, texts, INPUTS);
    double seconds = (System.nanoTime() - start) / 1e9;
    double[] cosines = new double[pairs.size()];
    double[] scores = new double[pairs.size()];
    for (int i = 0; i < cosines.length; i++) {
      cosines[i] = Vectors.cosine(vectors.get(2 * i), vectors.get(2 * i + 1));
      scores[i] = pairs.get(i).score();
    }
    double spearman = Spearman.correlation(cosines, scores);
    List<float[]> alone = embed(server, model, texts.subList(0, ALONE), 1);
    table.row(
        model.name(),
        String.format(Locale.ROOT, "%.4f", spearman),
        String.format(Locale.ROOT, "%.4f%s", model.published(), model.quantised() ? " (fp32)" : ""),
        String.format(Locale.ROOT, "%+.4f", spearman - model.published()),
        texts.size(),
        String.format(Locale.ROOT, "%.1f", seconds),
        difference(alone, vectors));
    return spearman;
  }

  private static List<float[]> embed(Server server, Model model, List<String> texts, int inputs)
      throws Exception {
    List<byte[]> requests = server.embeddings(model.name(), texts, inputs);
    // One client where each text shall have its batch to itself.
    int clients = inputs == 1 ? 1 : CLIENTS;
    List<float[]> vectors = new ArrayList<>();
    for (byte[] reply : Load.closed(server.uri(), server.cpu(), requests, clients).replies()) {
      vectors.addAll(Server.vectors(reply));
    }
    if (vectors.size() != texts.size()) {
      throw new IOException(vectors.size() + " vectors for " + texts.size() + " texts");
    }
    return vectors;
  }

  /** How far company in a batch moves a vector: quantised models scale activations by batch. */
  private static String difference(List<float[]> alone, List<float[]> inCompany) {
    double largest = 0;
    double cosine = 1;
    for (int i = 0; i < alone.size(); i++) {
      float[] one = alone.get(i);
      float[] other = inCompany.get(i);
      cosine = Math.min(cosine, Vectors.cosine(one, other));
      for (int d = 0; d < one.length; d++) {
        largest = Math.max(largest, Math.abs(one[d] - other[d]));
      }
    }
    return String.format(Locale.ROOT, "%.1e at most, cosine ≥ %.6f", largest, cosine);
  }
}
