package dev.penstock.start;

import dev.penstock.base.Visible;
import dev.penstock.cli.TextTable;
import dev.penstock.config.Settings;
import dev.penstock.engine.calibrate.Comparison;
import dev.penstock.engine.calibrate.Trial;
import dev.penstock.engine.calibrate.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What {@code penstock calibrate} prints. */
final class CalibrationReport {
  private static final List<String> HEADER =
      List.of("runs", "tokens a batch", "rounds", "texts/s", "(min–max)", "of default", "");
  private static final double PERCENT = 100;

  private CalibrationReport() {}

  /** What was measured, as a table, and what follows from it. */
  static String of(Comparison comparison) {
    return format(
            "model %s on %s, %d processors: %,d texts of %d to %d tokens a turn\n\n",
            comparison.key().model(),
            comparison.key().device(),
            comparison.key().processors(),
            comparison.texts(),
            comparison.shortest(),
            comparison.longest())
        + table(comparison)
        + "\nTokens count with padding. The last figure is the median of its rates, each beside the"
        + " default's of\nthe same round; who has less than 80 % of the best in the first round is"
        + " left out of the others.\n\n"
        + verdict(comparison)
        + "\n"
        + byHand(comparison);
  }

  /**
   * @param changed whether the data folder is not what it was
   */
  static String kept(Comparison comparison, boolean changed) {
    return switch (comparison.verdict()) {
      case Verdict.Better(_, _) -> "Kept in the data folder.";
      case Verdict.Stays() when changed -> "What was kept for it before is forgotten.";
      case Verdict.Stays() -> "Nothing is kept.";
    };
  }

  /** What a change means for servers. */
  static String whenUsed(Settings.Inference settings) {
    return settings.threads() > 0 || settings.tokenBudget() > 0
        ? "inference.threads or inference.token-budget is set here, and goes before what is kept."
        : "A server that runs goes by this once it opens the model again: restart it.";
  }

  private static String table(Comparison comparison) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADER);
    comparison.trials().forEach(trial -> rows.add(row(trial, comparison.standard())));
    return TextTable.of(rows, HEADER.size() - 1);
  }

  private static List<String> row(Trial trial, Trial standard) {
    List<Double> rates = trial.rates();
    boolean ran = !rates.isEmpty();
    return List.of(
        Integer.toString(trial.threads()),
        format("%,d", trial.tokenBudget()),
        Integer.toString(rates.size()),
        ran ? rate(trial.median()) : "–",
        ran
            ? "(%s–%s)"
                .formatted(
                    rate(rates.stream().min(Double::compare).orElse(0.0)),
                    rate(rates.stream().max(Double::compare).orElse(0.0)))
            : "",
        ran ? format("%.0f %%", PERCENT * trial.ratio(standard)) : "",
        note(trial, standard));
  }

  private static String note(Trial trial, Trial standard) {
    if (trial.failure() != null) {
      return "out: " + Visible.text(trial.failure());
    }
    return trial.equals(standard) ? "the default" : "";
  }

  private static String rate(double perSecond) {
    return format(perSecond < PERCENT ? "%,.1f" : "%,.0f", perSecond);
  }

  private static String verdict(Comparison comparison) {
    return switch (comparison.verdict()) {
      case Verdict.Stays() ->
          format(
              "The default stays: nothing is faster by %.0f %% at the median and in every round.",
              PERCENT * (Verdict.WORTH - 1));
      case Verdict.Better(Trial trial, double ratio) ->
          format(
              "%d runs side by side with %,d padded tokens a batch are %.0f %% faster than the default.",
              trial.threads(), trial.tokenBudget(), PERCENT * (ratio - 1));
    };
  }

  private static String byHand(Comparison comparison) {
    Trial best =
        switch (comparison.verdict()) {
          case Verdict.Stays() -> comparison.standard();
          case Verdict.Better(Trial trial, _) -> trial;
        };
    return format(
        "To set by hand: INFERENCE_THREADS=%d INFERENCE_TOKEN_BUDGET=%d",
        best.threads(), best.tokenBudget());
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
