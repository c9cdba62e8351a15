package dev.penstock.testing;

import dev.penstock.testing.Urgent.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A row of the table of faults as it comes about at a site: the work that is hurt, and urgent work
 * that goes on beside it until all of the other has ended.
 */
public final class FaultRow implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private final Site site;
  private final Checker checker = new Checker();
  private final List<Share> others = new ArrayList<>();
  private final long duplicates;
  private final Urgent urgent;

  /** The work of another owner, whom alone its tasks are shown to. */
  private record Share(Checker checker, Api api) {}

  private FaultRow(Site site, Work work, long duplicates) {
    this.site = site;
    this.duplicates = duplicates;
    this.urgent = Urgent.start(site::api, work);
  }

  public static FaultRow start(Site site, Work urgent) throws Exception {
    return new FaultRow(site, urgent, site.duplicates());
  }

  public Checker checker() {
    return checker;
  }

  /** For the work of another owner. */
  public Checker checkerOf(Api owner) {
    var share = new Share(new Checker(), owner);
    others.add(share);
    return share.checker();
  }

  /** Waits until so many more tasks were accepted, times the scale. */
  public void awaitMore(int more) throws Exception {
    int before = checker.accepted();
    Await.until(
        "the load runs", LIMIT, () -> checker.accepted() > before + more * FaultTable.SCALE);
  }

  /** Waits for all work, and keeps and asserts what came of it. */
  public void end(String number, String fault) throws Exception {
    end(number, fault, "");
  }

  /**
   * As the other.
   *
   * @param number of the row; the site is added to its fault
   * @param measured what else was seen
   */
  public void end(String number, String fault, String measured) throws Exception {
    Duration limit = LIMIT.multipliedBy(FaultTable.SCALE);
    Checker.Report report = checker.settle(site.api(), limit);
    for (Share other : others) {
      report = report.plus(other.checker().settle(other.api(), limit));
    }
    Duration waited = urgent.end();
    long duplicated = site.duplicates() - duplicates;
    FaultTable.add(number, fault + " (" + site + ")", report, duplicated, waited, measured);
  }

  @Override
  public void close() {
    urgent.close();
  }
}
