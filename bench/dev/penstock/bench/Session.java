package dev.penstock.bench;

import dev.penstock.bench.report.Plan;
import dev.penstock.bench.report.Report;
import java.nio.file.Path;

/**
 * One run of the benchmark: what its parts share.
 *
 * @param scratch a folder on the disk that data would be on
 * @param until when no further measurement begins: a {@link System#nanoTime}
 */
public record Session(Plan plan, Report report, Texts texts, Path scratch, long until) {
  public boolean late() {
    return System.nanoTime() - until > 0;
  }

  /** For who watches. */
  public void say(String what) {
    System.err.println("· " + what);
  }
}
