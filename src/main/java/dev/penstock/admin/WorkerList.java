package dev.penstock.admin;

import dev.penstock.core.WorkerFigures;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Lane;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who is there, in words and figures ready to print.
 *
 * @param answered whether it is known
 * @param whole whether there may be no others
 */
public record WorkerList(boolean answered, boolean whole, List<Row> rows) {
  private static final int KIB = 1_024;
  private static final String TAKES_REQUESTS = "takes requests";

  public WorkerList {
    rows = List.copyOf(rows);
  }

  /**
   * A node or a remote worker.
   *
   * @param kind what it does here
   * @param state in a word
   * @param look which of the states of tasks it is painted as
   * @param texts of a model run, on the average
   * @param drainPath null: it runs no tasks, or takes none any more
   */
  public record Row(
      String id,
      String host,
      String kind,
      String state,
      String look,
      List<String> lanes,
      String device,
      String running,
      String done,
      String failed,
      String texts,
      String memory,
      String version,
      TimeText started,
      TimeText seen,
      @Nullable String drainPath) {
    public Row {
      lanes = List.copyOf(lanes);
    }

    private boolean runs() {
      return !state.equals(TAKES_REQUESTS);
    }
  }

  static WorkerList of(Optional<List<WorkerFigures>> workers, boolean whole, Instant now) {
    return new WorkerList(
        workers.isPresent(),
        whole,
        workers.orElse(List.of()).stream()
            // Those that run tasks first: they are what one looks for.
            .sorted(
                Comparator.comparing((WorkerFigures one) -> !one.runsTasks())
                    .thenComparing(WorkerFigures::node))
            .map(worker -> row(worker, now))
            .toList());
  }

  private static Row row(WorkerFigures worker, Instant now) {
    WorkerReport report = worker.report();
    boolean runs = worker.runsTasks();
    boolean busy = report.running() > 0;
    String state;
    String look;
    if (!runs) {
      state = TAKES_REQUESTS;
      look = "completed";
    } else if (worker.draining()) {
      state = busy ? "draining" : "drained";
      look = busy ? "pending" : "cancelled";
    } else {
      state = busy ? "working" : "idle";
      look = busy ? "processing" : "completed";
    }
    Batches batches = report.batches();
    return new Row(
        worker.node(),
        report.host(),
        kind(worker.roles()),
        state,
        look,
        worker.lanes().stream().map(Lane::name).sorted().toList(),
        report.device(),
        runs ? Times.count(report.running()) : "–",
        runs ? Times.count(report.done()) : "–",
        Times.count(report.failed()),
        batches.runs() == 0
            ? "–"
            : String.format(Locale.ROOT, "%.1f", (double) batches.texts() / batches.runs()),
        report.memory() < 0 ? "–" : memory(report.memory()),
        report.version(),
        TimeText.past(worker.startedAt(), now),
        TimeText.past(worker.seenAt(), now),
        runs && !worker.draining() ? WorkersPage.drainPath(worker.node()) : null);
  }

  private static String kind(List<String> roles) {
    if (roles.contains("remote")) {
      return "worker over HTTP";
    }
    return roles.contains("http") && roles.contains("inference")
        ? "node"
        : "node: " + String.join(", ", roles);
  }

  private static String memory(long bytes) {
    double mib = (double) bytes / KIB / KIB;
    return mib < KIB
        ? String.format(Locale.ROOT, "%.0f MiB", mib)
        : String.format(Locale.ROOT, "%.1f GiB", mib / KIB);
  }

  /** In a sentence. */
  public String summary() {
    if (!whole) {
      return "This node knows only itself and the workers that call it; with cluster.enabled nodes"
          + " know each other.";
    }
    long workers = rows.stream().filter(Row::runs).count();
    long takers = takers();
    if (takers == 0) {
      return workers == 0
          ? "Nobody is here to run tasks: they wait."
          : "All workers drain: what is not running yet waits.";
    }
    return takers == workers
        ? count(workers, "worker runs tasks.", "workers run tasks.")
        : "%s of %s workers %s tasks."
            .formatted(Times.count(takers), Times.count(workers), takers == 1 ? "takes" : "take");
  }

  private static String count(long number, String one, String many) {
    return number == 1 ? "1 " + one : Times.count(number) + " " + many;
  }

  private long takers() {
    return rows.stream().filter(row -> row.drainPath != null).count();
  }

  public boolean nobody() {
    return answered && whole && takers() == 0;
  }
}
