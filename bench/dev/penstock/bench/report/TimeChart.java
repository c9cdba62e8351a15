package dev.penstock.bench.report;

import dev.penstock.bench.report.Svg.Anchor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What several things did over one stretch of time, in panels below each other. */
public final class TimeChart {
  private static final int MARGIN = 20;
  private static final int LEFT = 70;
  private static final int TOP = 62;
  private static final int HEAD = 30;
  private static final int PLOT = 110;
  private static final int GAP = 22;
  private static final int BOTTOM = 46;

  private final String title;
  private final double from;
  private final double to;
  private final double loadEnds;
  private final List<Panel> panels = new ArrayList<>();

  /** A moment, in seconds since the load began, and what was then. */
  public record Point(double at, double value) {}

  /**
   * What is drawn in one colour.
   *
   * @param dashed whether it is a bound, rather than something that was measured
   */
  public record Line(String name, int colour, boolean dashed, List<Point> points) {}

  private record Panel(String head, List<Line> lines) {}

  /**
   * @param from the first moment shown
   * @param to the last
   * @param loadEnds when the load, which began at 0, was over
   */
  public TimeChart(String title, double from, double to, double loadEnds) {
    this.title = title;
    this.from = from;
    this.to = to;
    this.loadEnds = loadEnds;
  }

  public void panel(String head, Line... lines) {
    panels.add(new Panel(head, List.of(lines)));
  }

  /** A bound over the whole time. */
  public Line bound(String name, double value) {
    return new Line(name, 1, true, List.of(new Point(from, value), new Point(to, value)));
  }

  public String svg() {
    var svg = new Svg();
    svg.text(MARGIN, 30, Anchor.START, "title", title);
    svg.rect(MARGIN, 42, 14, 10, 2, "load");
    svg.text(MARGIN + 19, 51, Anchor.START, "mute", "while the load was on");
    int y = TOP;
    for (Panel panel : panels) {
      draw(svg, panel, y);
      y += HEAD + PLOT + GAP;
    }
    int axis = y - GAP;
    for (double tick : ticks()) {
      svg.text(x(tick), axis + 18, Anchor.MIDDLE, "mute", Svg.figure(tick));
    }
    svg.text(
        (LEFT + Svg.WIDTH - MARGIN) / 2.0,
        axis + 36,
        Anchor.MIDDLE,
        "mute",
        "seconds since the load began");
    return svg.finish(axis + BOTTOM, title);
  }

  private double[] ticks() {
    double[] ticks = Svg.ticks(to);
    return Arrays.stream(ticks).filter(tick -> tick <= to).toArray();
  }

  private double x(double at) {
    return LEFT + (at - from) / (to - from) * (Svg.WIDTH - MARGIN - LEFT);
  }

  private void draw(Svg svg, Panel panel, int top) {
    svg.text(MARGIN, top + 18, Anchor.START, "head", panel.head());
    double x = MARGIN + panel.head().length() * Svg.LETTER * 1.12 + 30;
    for (Line line : panel.lines()) {
      x = svg.key(x, top + 18, Integer.toString(line.colour()), line.dashed(), line.name());
    }
    int low = top + HEAD + PLOT;
    svg.rect(x(0), top + HEAD, x(loadEnds) - x(0), PLOT, 0, "load");
    double[] ticks =
        Svg.ticks(
            panel.lines().stream()
                .flatMap(line -> line.points().stream())
                .mapToDouble(Point::value)
                .max()
                .orElse(1));
    double scale = PLOT / ticks[ticks.length - 1];
    int every = ticks.length > 4 ? 2 : 1;
    for (int i = 0; i < ticks.length; i += every) {
      double y = low - ticks[i] * scale;
      svg.line(LEFT, y, Svg.WIDTH - MARGIN, y, "grid");
      svg.text(LEFT - 8, y + 4, Anchor.END, "mute", Svg.figure(ticks[i]));
    }
    for (Line line : panel.lines()) {
      double[] points = new double[2 * line.points().size()];
      for (int i = 0; i < line.points().size(); i++) {
        points[2 * i] = x(line.points().get(i).at());
        points[2 * i + 1] = low - line.points().get(i).value() * scale;
      }
      svg.polyline(points, (line.dashed() ? "line dash s" : "line s") + line.colour());
    }
  }
}
