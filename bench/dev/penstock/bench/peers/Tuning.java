package dev.penstock.bench.peers;

import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Looks for the setting that is best for a peer, so that it is measured at its best. */
public final class Tuning {
  private final Report.Table table =
      new Report.Table("of", "setting", "tasks/s of each, tried once", "taken");

  /** Puts a setting in force and measures it. */
  public interface Trial<S> {
    double rate(S setting) throws Exception;
  }

  /** Tries them all; returns the best, which need not be the one in force now. */
  public <S> S best(
      String of, String what, List<S> settings, Function<S, String> text, Trial<S> trial)
      throws Exception {
    Map<S, Double> rates = new LinkedHashMap<>();
    for (S setting : settings) {
      rates.put(setting, trial.rate(setting));
    }
    S best =
        rates.entrySet().stream()
            .max(Comparator.comparingDouble(Map.Entry::getValue))
            .orElseThrow()
            .getKey();
    String tried =
        rates.entrySet().stream()
            .map(each -> text.apply(each.getKey()) + ": " + Format.rate(each.getValue()))
            .collect(Collectors.joining("; "));
    table.row(of, what, tried, text.apply(best));
    return best;
  }

  public Report.Table table() {
    return table;
  }
}
