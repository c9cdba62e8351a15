package dev.penstock.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

final class ChartsTest {
  @Test
  void ticksAreRoundAndReachTheMost() {
    assertThat(Svg.ticks(118)).containsExactly(0, 25, 50, 75, 100, 125);
    assertThat(Svg.ticks(5)).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(Svg.ticks(0.7)).hasSize(5);
    assertThat(Svg.ticks(0)).hasSizeGreaterThan(1);
  }

  @Test
  void barsAreAsLongAsTheirValuesAndNamesAreEscaped() throws Exception {
    var chart = new BarChart("a < b & c", "texts/s", List.of("one", "two"));
    chart.panel(
        "panel",
        List.of(
            new BarChart.Group(
                "group", List.of(BarChart.Bar.of(50), BarChart.Bar.of(Spread.of(90, 100), "")))));
    chart.panel("nothing was measured", List.of());
    Document svg = parse(chart.svg());
    assertThat(svg.getElementsByTagName("title").item(0).getTextContent()).isEqualTo("a < b & c");
    assertThat(width(svg, "f1")).isCloseTo(1.9 * width(svg, "f0"), within(1.0));
    assertThat(svg.getDocumentElement().getTextContent()).doesNotContain("nothing was measured");
  }

  @Test
  void timesHaveTheirPanels() throws Exception {
    var chart = new TimeChart("title", -1, 10, 8);
    var points = List.of(new TimeChart.Point(-1, 0), new TimeChart.Point(10, 7));
    chart.panel("a", new TimeChart.Line("line", 0, false, points), chart.bound("limit", 5));
    Document svg = parse(chart.svg());
    assertThat(svg.getElementsByTagName("polyline").getLength()).isEqualTo(2);
  }

  private static Document parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
  }

  /** Of the last rectangle of that class: the first is in the legend. */
  private static double width(Document svg, String style) {
    var all = svg.getElementsByTagName("rect");
    double width = 0;
    for (int i = 0; i < all.getLength(); i++) {
      var attributes = all.item(i).getAttributes();
      if (attributes.getNamedItem("class").getNodeValue().equals(style)) {
        width = Double.parseDouble(attributes.getNamedItem("width").getNodeValue());
      }
    }
    return width;
  }
}
