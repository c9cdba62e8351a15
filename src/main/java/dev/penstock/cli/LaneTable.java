package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.penstock.base.Visible;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The lanes as a table, with their sums. */
final class LaneTable {
  private static final List<String> HEADER =
      List.of(
          "lane",
          "ready",
          "running",
          "waiting",
          "scheduled",
          "failed",
          "oldest",
          "done/s",
          "workers",
          "");
  private static final List<String> COUNTS =
      List.of("depth", "in_flight", "waiting", "scheduled", "failed");
  private static final int MINUTE = 60;
  private static final int HOUR = 60 * MINUTE;

  private LaneTable() {}

  static String of(JsonNode lanes) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADER);
    lanes.forEach(lane -> rows.add(row(lane)));
    if (lanes.size() != 1) {
      rows.add(sums(lanes));
    }
    return TextTable.of(rows, 0);
  }

  private static List<String> row(JsonNode lane) {
    List<String> row = new ArrayList<>();
    row.add(Visible.text(lane.path("lane").asText()));
    COUNTS.forEach(count -> row.add(String.format(Locale.ROOT, "%,d", lane.path(count).asLong())));
    row.add(age(lane.path("oldest_seconds")));
    row.add(rate(lane.at("/rates/completed_per_second").asDouble()));
    row.add(Integer.toString(lane.path("consumers").asInt()));
    row.add(lane.path("paused").asBoolean() ? "paused" : "");
    return row;
  }

  private static List<String> sums(JsonNode lanes) {
    List<String> row = new ArrayList<>();
    row.add("all");
    for (String count : COUNTS) {
      long sum = 0;
      for (JsonNode lane : lanes) {
        sum += lane.path(count).asLong();
      }
      row.add(String.format(Locale.ROOT, "%,d", sum));
    }
    double rate = 0;
    for (JsonNode lane : lanes) {
      rate += lane.at("/rates/completed_per_second").asDouble();
    }
    row.addAll(List.of("", rate(rate), "", ""));
    return row;
  }

  private static String rate(double perSecond) {
    return String.format(Locale.ROOT, "%.1f", perSecond);
  }

  private static String age(JsonNode seconds) {
    if (!seconds.isNumber()) {
      return "";
    }
    long age = seconds.asLong();
    if (age < MINUTE) {
      return String.format(Locale.ROOT, "%.1f s", seconds.asDouble());
    }
    return age < HOUR
        ? "%d min".formatted(age / MINUTE)
        : "%d h %d min".formatted(age / HOUR, age % HOUR / MINUTE);
  }
}
