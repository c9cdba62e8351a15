package dev.penstock.bench.report;

import dev.penstock.bench.report.Svg.Anchor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** Groups of bars that lie, in panels with an axis each. */
public final class BarChart {
  private static final int MARGIN = 20;
  private static final int LABELS = 170;

  /** For the figures behind the bars. */
  private static final int FIGURES = 130;

  private static final int BAR = 13;
  private static final int GAP = 3;
  private static final int GROUP_GAP = 12;
  private static final int TOP = 76;
  private static final int HEAD = 22;
  private static final int AXIS = 34;
  private static final int BOTTOM = 10;

  private final String title;
  private final String axis;
  private final List<String> series;
  private final List<Panel> panels = new ArrayList<>();

  /**
   * A bar's length, and what is written behind it.
   *
   * @param least the least that was measured, or the value itself
   * @param most the most
   */
  public record Bar(double value, double least, double most, String figure) {
    public static Bar of(Spread spread, String figure) {
      return new Bar(spread.median(), spread.min(), spread.max(), figure);
    }

    public static Bar of(double value) {
      return new Bar(value, value, value, Svg.figure(value));
    }
  }

  /** Bars that belong together, one of each series. */
  public record Group(String label, List<Bar> bars) {}

  private record Panel(String head, List<Group> groups) {}

  /**
   * @param axis what is measured, with its unit
   * @param series what the bars of a group are
   */
  public BarChart(String title, String axis, List<String> series) {
    this.title = title;
    this.axis = axis;
    this.series = series;
  }

  /** A panel without groups is left out. */
  public void panel(String head, List<Group> groups) {
    if (!groups.isEmpty()) {
      panels.add(new Panel(head, groups));
    }
  }

  public String svg() {
    var svg = new Svg();
    svg.text(MARGIN, 30, Anchor.START, "title", title);
    double x = MARGIN;
    for (int i = 0; i < series.size(); i++) {
      x = svg.key(x, 54, Integer.toString(i), false, series.get(i));
    }
    int y = TOP;
    for (Panel panel : panels) {
      y = draw(svg, panel, y);
    }
    return svg.finish(y + BOTTOM, title);
  }

  private int draw(Svg svg, Panel panel, int top) {
    svg.text(MARGIN, top + 12, Anchor.START, "head", panel.head());
    int group = series.size() * (BAR + GAP) - GAP + GROUP_GAP;
    int y = top + HEAD;
    int end = y + panel.groups().size() * group;
    double[] ticks =
        Svg.ticks(
            panel.groups().stream()
                .flatMap(each -> each.bars().stream())
                .flatMapToDouble(bar -> DoubleStream.of(bar.value(), bar.most()))
                .max()
                .orElse(1));
    int left = MARGIN + LABELS;
    int right = Svg.WIDTH - MARGIN - FIGURES;
    double scale = (right - left) / ticks[ticks.length - 1];
    for (double tick : ticks) {
      double at = left + tick * scale;
      svg.line(at, y, at, end, "grid");
      svg.text(at, end + 15, Anchor.MIDDLE, "mute", Svg.figure(tick));
    }
    svg.text(right + 26, end + 15, Anchor.START, "mute", axis);
    for (Group each : panel.groups()) {
      double middle = y + group / 2.0;
      svg.text(left - 10, middle + 4, Anchor.END, "", each.label());
      for (int i = 0; i < each.bars().size(); i++) {
        Bar bar = each.bars().get(i);
        double at = y + GROUP_GAP / 2.0 + i * (BAR + GAP);
        svg.rect(left, at, Math.max(1, bar.value() * scale), BAR, 2, "f" + i);
        double behind = left + Math.max(bar.value(), bar.most()) * scale;
        if (bar.most() > bar.least()) {
          double between = at + BAR / 2.0;
          svg.line(left + bar.least() * scale, between, behind, between, "range");
        }
        svg.text(behind + 7, at + BAR - 3, Anchor.START, i == 0 ? "" : "mute", bar.figure());
      }
      y += group;
    }
    return end + AXIS;
  }
}
