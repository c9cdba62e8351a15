package dev.penstock.bench.report;

import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * A picture that is being drawn: scalable, with colours of its own for light and dark surroundings.
 * Whole pixels, from the upper left corner.
 */
public final class Svg {
  static final int WIDTH = 760;

  /** Of the smallest letters, roughly. */
  static final double LETTER = 6.6;

  private static final int TICKS = 6;

  /** The ground is ours: whoever shows the picture may think of light and dark otherwise. */
  private static final String STYLE =
      """
      text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
      .title { font-size: 16px; font-weight: 600; }
      .head { font-size: 13px; font-weight: 600; }
      .mute { fill: #59636e; }
      .ground { fill: #ffffff; stroke: #d1d9e0; }
      .grid { stroke: #d1d9e0; }
      .range { stroke: #1f2328; stroke-width: 1.5; fill: none; }
      .load { fill: #818b98; fill-opacity: 0.18; }
      .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
      .dash { stroke-dasharray: 5 4; stroke-width: 1.5; }
      .f0 { fill: #0969da; } .f1 { fill: #9aa4af; } .f2 { fill: #bc4c00; }
      .s0 { stroke: #0969da; } .s1 { stroke: #818b98; } .s2 { stroke: #bc4c00; }
      @media (prefers-color-scheme: dark) {
        text { fill: #f0f6fc; }
        .mute { fill: #9198a1; }
        .ground { fill: #0d1117; stroke: #3d444d; }
        .grid { stroke: #2f353d; }
        .range { stroke: #f0f6fc; }
        .f0 { fill: #4493f8; } .f1 { fill: #656c76; } .f2 { fill: #f0883e; }
        .s0 { stroke: #4493f8; } .s1 { stroke: #9198a1; } .s2 { stroke: #f0883e; }
      }
      """;

  private final StringBuilder elements = new StringBuilder();

  /** Where text is tied to its place. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  void text(double x, double y, Anchor anchor, String style, String text) {
    add(
        "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" class=\"%s\">%s</text>",
        x, y, anchor.name().toLowerCase(Locale.ROOT), style, escape(text));
  }

  void rect(double x, double y, double width, double height, double corner, String style) {
    add(
        "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"%s\" class=\"%s\"/>",
        x, y, width, height, corner, style);
  }

  void line(double x1, double y1, double x2, double y2, String style) {
    add("<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" class=\"%s\"/>", x1, y1, x2, y2, style);
  }

  /**
   * @param points x and y in turn
   */
  void polyline(double[] points, String style) {
    var list = new StringBuilder();
    for (double each : points) {
      list.append(list.isEmpty() ? "" : " ").append(number(each));
    }
    add("<polyline points=\"%s\" class=\"%s\"/>", list, style);
  }

  /** The whole file. */
  String finish(int height, String title) {
    return """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$d %2$d" width="%1$d" height="%2$d" role="img">
    <title>%3$s</title>
    <style>
    %4$s</style>
    <rect x="0.5" y="0.5" width="%5$d" height="%6$d" rx="6" class="ground"/>
    %7$s</svg>
    """
        .formatted(WIDTH, height, escape(title), STYLE, WIDTH - 1, height - 1, elements);
  }

  private void add(String form, Object... values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] instanceof Double each ? number(each) : values[i];
    }
    elements.append(form.formatted(values)).append('\n');
  }

  /** A name beside its colour; returns where the next one may begin. */
  double key(double x, double y, String colour, boolean dashed, String name) {
    if (dashed) {
      line(x, y - 4, x + 14, y - 4, "dash s" + colour);
    } else {
      rect(x, y - 9, 14, 10, 2, "f" + colour);
    }
    text(x + 19, y, Anchor.START, "mute", name);
    return x + 19 + name.length() * LETTER + 18;
  }

  /** Round numbers from 0 on, the last of them above the most. */
  static double[] ticks(double most) {
    double rough = Math.max(most, 1e-9) / (TICKS - 1);
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step =
        DoubleStream.of(1, 2, 2.5, 5, 10)
            .map(each -> each * power)
            .filter(each -> each >= rough)
            .findFirst()
            .orElse(10 * power);
    int count = (int) Math.ceil(most / step - 1e-9);
    return DoubleStream.iterate(0, each -> each + step).limit(Math.max(1, count) + 1L).toArray();
  }

  /** At most one decimal, as numbers are read and not computed with. */
  public static String figure(double value) {
    return value >= 100 || value == Math.rint(value)
        ? String.format(Locale.ROOT, "%,.0f", value)
        : String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value).replaceFirst("\\.0$", "");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
