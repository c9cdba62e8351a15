package dev.penstock.bench.bare;

import ai.onnxruntime.OrtException;
import dev.penstock.bench.Session;
import dev.penstock.bench.Texts.Kind;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import dev.penstock.bench.report.Spread;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** The bare model under all its settings, and which of them are best for which texts. */
public final class Bare implements AutoCloseable {
  private static final int PROBE = 48;
  private static final int PASSES = 2;

  private final BareModel single;
  private final BareModel spread;
  private final List<BareSetting> settings;

  /** Texts a second by setting, the best first. */
  private final Map<Kind, Map<BareSetting, Double>> rates = new EnumMap<>(Kind.class);

  private Bare(BareModel single, BareModel spread, List<BareSetting> settings) {
    this.single = single;
    this.spread = spread;
    this.settings = settings;
  }

  public static Bare open() throws IOException, OrtException {
    int cores = Runtime.getRuntime().availableProcessors();
    return new Bare(BareModel.open(1), BareModel.open(cores), BareSetting.all(cores));
  }

  /** One thread a run, as the program has it on a CPU. */
  public BareModel single() {
    return single;
  }

  public double textsPerSecond(BareSetting setting, List<String> texts)
      throws InterruptedException, ExecutionException {
    return textsPerSecond(setting, texts, texts.size());
  }

  /** The same, with so many texts known at once. */
  public double textsPerSecond(BareSetting setting, List<String> texts, int known)
      throws InterruptedException, ExecutionException {
    long nanos = 0;
    for (int from = 0; from < texts.size(); from += known) {
      List<String> part = texts.subList(from, Math.min(texts.size(), from + known));
      nanos += setting.run(setting.threads() == 1 ? single : spread, part);
    }
    return texts.size() * 1e9 / nanos;
  }

  public double textsPerSecond(Kind kind, List<String> texts)
      throws InterruptedException, ExecutionException {
    return textsPerSecond(best(kind).getFirst(), texts);
  }

  /** The settings for such texts, the best first. */
  public List<BareSetting> best(Kind kind) {
    return List.copyOf(ratesOf(kind).keySet());
  }

  /** What the best setting does with such texts. */
  public double rate(Kind kind) {
    return ratesOf(kind).values().iterator().next();
  }

  private Map<BareSetting, Double> ratesOf(Kind kind) {
    Map<BareSetting, Double> found = rates.get(kind);
    if (found == null) {
      throw new IllegalStateException("not tried on " + kind.label() + " texts");
    }
    return found;
  }

  /** Tries all settings on all kinds of texts, in turns. */
  public void calibrate(Session session) throws InterruptedException, ExecutionException {
    double seconds = session.plan().span().toNanos() / 1e9 / 2;
    for (Kind kind : session.plan().kinds()) {
      session.say("bare settings, " + kind.label() + " texts");
      double probed = textsPerSecond(settings.getFirst(), session.texts().take(kind, PROBE));
      int count = Math.max(PROBE, (int) Math.round(probed * seconds));
      rates.put(kind, tried(() -> session.texts().take(kind, count)));
    }
    describe(session);
  }

  /** Texts a second by setting, the best first; all are tried on the same texts, in turns. */
  public Map<BareSetting, Double> tried(Supplier<List<String>> texts)
      throws InterruptedException, ExecutionException {
    Map<BareSetting, List<Double>> measured = new LinkedHashMap<>();
    for (int pass = 0; pass < PASSES; pass++) {
      List<String> same = texts.get();
      for (BareSetting setting : settings) {
        measured
            .computeIfAbsent(setting, _ -> new ArrayList<>())
            .add(textsPerSecond(setting, same));
      }
    }
    Map<BareSetting, Double> sorted = new LinkedHashMap<>();
    measured.entrySet().stream()
        .map(entry -> Map.entry(entry.getKey(), Spread.of(entry.getValue()).median()))
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
    return sorted;
  }

  private void describe(Session session) {
    List<Kind> kinds = session.plan().kinds();
    List<String> header = new ArrayList<>(List.of("texts/s"));
    kinds.forEach(kind -> header.add(title(session, kind)));
    var table = new Report.Table(header.toArray(String[]::new));
    for (BareSetting setting : settings) {
      List<String> row = new ArrayList<>(List.of(setting.name()));
      for (Kind kind : kinds) {
        String rate = Format.rate(ratesOf(kind).getOrDefault(setting, Double.NaN));
        row.add(setting.equals(best(kind).getFirst()) ? "**" + rate + "**" : rate);
      }
      table.row(row.toArray());
    }
    session
        .report()
        .section(
            "The bare model",
            """
            `%s` straight through ONNX Runtime and the same tokenizer in the benchmark's own
            process, no server, all texts known at once. Times contain tokenising, pooling and
            scaling. The best setting for each kind of texts (bold) is what Penstock is compared
            with below.
            """
                .formatted(BareModel.NAME),
            table);
  }

  private String title(Session session, Kind kind) {
    var tokens =
        session.texts().take(kind, 10 * PROBE).stream()
            .mapToInt(text -> single.tokenise(text).length)
            .summaryStatistics();
    return "%s (%.0f tokens on average, %d–%d)"
        .formatted(kind.label(), tokens.getAverage(), tokens.getMin(), tokens.getMax());
  }

  @Override
  public void close() throws OrtException {
    try (spread) {
      single.close();
    }
  }
}
