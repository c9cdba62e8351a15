package dev.penstock.bench.parts;

import dev.penstock.bench.Turns;
import dev.penstock.bench.peers.Tuning;
import dev.penstock.bench.report.Aim;
import dev.penstock.bench.report.Format;
import dev.penstock.bench.report.Report;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** The tables and aims of the part {@code queue}. */
final class QueueFigures {
  static final String LISTS = "Penstock, lists of " + PingPart.LIST;
  static final String SINGLES = "Penstock, one a request";
  static final String CELERY = "Celery";
  static final String BARE_RABBIT = "RabbitMQ alone";
  static final String BARE_REDIS = "Redis alone";
  static final String BULL = "BullMQ";
  static final String BULL_LISTS = "BullMQ, addBulk of " + PingPart.LIST;
  static final String BULL_SINGLES = "BullMQ, add one by one";
  static final String ON_RABBIT = "Penstock on RabbitMQ and Redis";
  static final String ON_SQLITE = "Penstock on SQLite";

  private static final double OF_CELERY = 5;
  private static final double PERCENT_OF_RABBIT = 25;
  private static final double RATE = 4_000;
  private static final double SQLITE_RATE = 10_000;

  private final Report report;
  private final Turns rabbit;
  private final Turns sqlite;
  private final Turns latency;
  private final Map<String, Histogram> latencies;

  QueueFigures(
      Report report, Turns rabbit, Turns sqlite, Turns latency, Map<String, Histogram> latencies) {
    this.report = report;
    this.rabbit = rabbit;
    this.sqlite = sqlite;
    this.latency = latency;
    this.latencies = latencies;
  }

  void onRabbit(int size) {
    report.aim(
        Aim.atLeast("RabbitMQ and Redis, lists of 100, of Celery's rate", OF_CELERY, "×"),
        rabbit.ratio(LISTS, CELERY).median());
    report.aim(
        Aim.atLeast("RabbitMQ and Redis, one a request, of Celery's rate", OF_CELERY, "×"),
        rabbit.ratio(SINGLES, CELERY).median());
    report.aim(
        Aim.atLeast("RabbitMQ and Redis, lists of 100, of RabbitMQ alone", PERCENT_OF_RABBIT, "%"),
        rabbit.percent(LISTS, BARE_RABBIT).median());
    report.aim(
        Aim.atLeast("RabbitMQ and Redis, lists of 100", RATE, "tasks/s"),
        rabbit.of(LISTS).median());
    var table =
        new Report.Table(
            "what", "× Celery", "% of RabbitMQ alone", "% of Redis alone", "completed/s", "runs");
    for (String name : List.of(LISTS, SINGLES, CELERY, BARE_RABBIT, BARE_REDIS)) {
      table.row(
          name,
          rabbit.ratio(name, CELERY).text(2),
          rabbit.percent(name, BARE_RABBIT).text(0),
          rabbit.percent(name, BARE_REDIS).text(0),
          rabbit.of(name).text(0),
          rabbit.rounds());
    }
    report.section(
        "Tasks that do nothing, on RabbitMQ and Redis",
        """
        From the first submit to the end of the last task, every result looked up afterwards;
        median (min–max), in turns, all on one RabbitMQ and one Redis, which syncs its append-only
        file every second. Ratios come first and are taken round by round. Penstock is one process
        with both roles and default settings, submitted to over HTTP by %d clients. Celery makes
        the same promises: persistent messages in a durable queue, confirmed by RabbitMQ one by
        one, acknowledged after the work (`task_acks_late`, `task_reject_on_worker_lost`), results
        kept in Redis for an hour; a prefork pool of 2 processes, without gossip, mingle, heartbeat
        or events, and the settings below that were the best ones. It is submitted to by
        processes of its own that call `apply_async` without HTTP, on connections they keep, and
        that have no result backend, which spares them a subscription for each task. It has nothing
        like lists: a `group` publishes one message after the other. RabbitMQ alone: messages of a
        ping task's size (%d bytes) published with 1,000 unconfirmed at most, consumed meanwhile,
        acknowledged in groups of 50. Redis alone: three scripts a task with the commands of
        insert, claim and settle, pipelined.
        """
            .formatted(PingPart.CLIENTS, size),
        table);
  }

  void onSqlite() {
    report.aim(
        Aim.atLeast("SQLite, lists of 100", SQLITE_RATE, "tasks/s"), sqlite.of(LISTS).median());
    report.aim(
        Aim.atLeast("SQLite, lists of 100, of BullMQ's rate with addBulk", 1, "×"),
        sqlite.ratio(LISTS, BULL_LISTS).median());
    report.aim(
        Aim.atLeast("SQLite, one a request, of BullMQ's rate with add", 1, "×"),
        sqlite.ratio(SINGLES, BULL_SINGLES).median());
    var table = new Report.Table("what", "× BullMQ, submitted alike", "completed/s", "runs");
    for (String name : List.of(LISTS, BULL_LISTS, SINGLES, BULL_SINGLES)) {
      String other = name.equals(LISTS) || name.equals(BULL_LISTS) ? BULL_LISTS : BULL_SINGLES;
      table.row(name, sqlite.ratio(name, other).text(2), sqlite.of(name).text(0), sqlite.rounds());
    }
    report.section(
        "Tasks that do nothing, on SQLite, and jobs of BullMQ on Redis",
        """
        As above, in turns. Penstock is one process with default settings: tasks in SQLite, synced
        to the disk before a request is answered. BullMQ is on the Redis from above, which syncs
        its append-only file every second: what it has accepted in the last second may be lost with
        the machine. Its jobs are added by a process of their own, without HTTP, over a connection
        that pipelines by itself, and done by worker processes, all under the settings below that
        were the best ones (of workers: the best with addBulk); jobs done are kept for an hour, as Penstock keeps tasks, and each is
        looked up afterwards.
        """,
        table);
  }

  void oneAtATime() {
    report.aim(
        Aim.atMost("one at a time, RabbitMQ and Redis, of Celery's p50", 1, "×"),
        latency.ratio(ON_RABBIT, CELERY).median());
    var table = new Report.Table("what", "× Celery (p50)", "p50 ms", "p99 ms", "max ms", "tasks");
    latencies.forEach((name, all) ->
        table.row(
            name,
            latency.ratio(name, CELERY).text(2),
            latency.of(name).text(2),
            Format.millis(all.getValueAtPercentile(99)),
            Format.millis(all.getMaxValue()),
            all.getTotalCount()));
    report.section(
        "Submit to result, one at a time",
        """
        One client submits a task and waits for its result, then the next. Penstock: `POST
        /v1/tasks` with `wait_seconds` over HTTP. Celery: `apply_async`, then `get`, which Redis
        tells of the result. BullMQ: `add`, then `waitUntilFinished`. The p50 is the median
        (min–max) of the rounds' p50, the others are of all rounds together.
        """,
        table);
  }

  void settings(Tuning tuning, String versions) {
    report.section(
        "Settings tried",
        """
        Before the rounds, one after the other; the best ones stayed. %s.
        """
            .formatted(versions),
        tuning.table());
  }
}
