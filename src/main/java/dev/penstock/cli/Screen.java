package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.base.Visible;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * What {@code tail} shows of tasks: lines for people with a bar below them on a terminal, JSON
 * lines for anything else.
 */
final class Screen implements TaskEvents.Watcher {
  private static final String CLEAR = "\r\u001b[K";
  private static final int BAR = 30;
  private static final int MAX_MESSAGE = 30;
  private static final long MILLIS = 1_000;
  private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");

  private final Io io;
  private boolean bar;

  Screen(Io io) {
    this.io = io;
  }

  @Override
  public void status(JsonNode task) throws Failure {
    if (io.outTerminal()) {
      above(forPeople(task));
    } else {
      ObjectNode line = JsonLines.object().put("event", "status");
      line.set("task", Tasks.withoutResult(task));
      io.line(JsonLines.line(line));
    }
  }

  @Override
  public void progress(JsonNode progress) throws Failure {
    if (io.outTerminal()) {
      io.out().print(CLEAR + bar(progress));
      io.flush();
      bar = true;
    } else {
      ObjectNode line = JsonLines.object().put("event", "progress");
      progress.properties().forEach(member -> line.set(member.getKey(), member.getValue()));
      io.line(JsonLines.line(line));
    }
  }

  @Override
  public void lost() {
    if (io.errTerminal()) {
      io.complain("the connection broke; connecting again");
    }
  }

  private void above(String line) throws Failure {
    io.line((bar ? CLEAR : "") + line);
    bar = false;
  }

  static String bar(JsonNode progress) {
    long done = Math.max(0, progress.path("done").asLong());
    long total = progress.path("total").asLong();
    String message = Visible.text(progress.path("message").asText());
    if (message.length() > MAX_MESSAGE) {
      message = message.substring(0, MAX_MESSAGE - 1) + "…";
    }
    if (total <= 0) {
      return String.format(Locale.ROOT, "%,d  %s", done, message).stripTrailing();
    }
    return String.format(
            Locale.ROOT, "%s  %,d of %,d  %s", gauge(done, total), done, total, message)
        .stripTrailing();
  }

  /** How much of it is done, to look at. */
  static String gauge(long done, long total) {
    double share = Math.min(1, (double) done / total);
    int full = (int) (share * BAR);
    return "[%s%s] %3d %%".formatted("#".repeat(full), ".".repeat(BAR - full), (int) (share * 100));
  }

  private static String forPeople(JsonNode task) {
    String type = task.path("type").asText();
    String lane = task.has("model") ? type + "." + task.path("model").asText() : type;
    var line = new StringBuilder();
    line.append(clock(task)).append("  ").append("%-10s  ".formatted(Tasks.status(task)));
    line.append(Tasks.id(task)).append("  ").append(lane);
    if (task.path("attempts").asInt() > 1) {
      line.append("  attempt ").append(task.path("attempts").asInt());
    }
    if (task.has("run_ms")) {
      line.append("  ").append(String.format(Locale.ROOT, "%,d ms", task.path("run_ms").asLong()));
    }
    if (task.has("error")) {
      line.append("  ").append(task.at("/error/code").asText());
      line.append(": ").append(task.at("/error/message").asText());
    }
    return Visible.text(line.toString());
  }

  /** When it became what it is, as far as that is known. */
  private static String clock(JsonNode task) {
    JsonNode time = task.path("created_at");
    for (String later : new String[] {"started_at", "finished_at"}) {
      time = task.has(later) ? task.path(later) : time;
    }
    Instant at =
        time.isNumber()
            ? Instant.ofEpochMilli((long) (time.asDouble() * MILLIS))
            : Instant.now().truncatedTo(ChronoUnit.SECONDS);
    return CLOCK.format(at.atZone(ZoneId.systemDefault()));
  }
}
