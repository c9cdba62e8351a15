package dev.penstock.pieces;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far a reader of a task's pieces has come.
 *
 * @param run the run that it has read last; 0: it has read nothing
 * @param next the number of the piece that it reads next
 * @param gap whether there are pieces that it could not be told
 */
public record Position(long run, long next, boolean gap) {
  public static final Position START = new Position(0, 0, false);

  private static final Pattern FORM = Pattern.compile("(\\d{1,18})\\.(\\d{1,18})(\\.gap)?");

  /** What {@link #toString} wrote; empty: it did not. */
  public static Optional<Position> parse(String text) {
    Matcher form = FORM.matcher(text);
    return form.matches()
        ? Optional.of(
            new Position(
                Long.parseLong(form.group(1)),
                Long.parseLong(form.group(2)),
                form.group(3) != null))
        : Optional.empty();
  }

  Position at(long newRun, long newNext) {
    return new Position(newRun, newNext, gap);
  }

  Position behindGap(long newRun, long newNext) {
    return new Position(newRun, newNext, true);
  }

  /** As part of an event's id: {@code 2.17}, or {@code 2.17.gap}. */
  @Override
  public String toString() {
    return run + "." + next + (gap ? ".gap" : "");
  }
}
