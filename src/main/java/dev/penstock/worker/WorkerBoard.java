package dev.penstock.worker;

import dev.penstock.base.Version;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.task.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** What this worker has done since it started. */
public final class WorkerBoard {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String RESIDENT = "VmRSS:";
  private static final long KIB = 1_024;

  /** Where the host's name can be read without asking a name server, which may take long. */
  private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

  private static final int MOST_HOST = 100;
  private static final String HOST = host();

  private final Instant startedAt = Instant.now();
  private final LongAdder done = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder runs = new LongAdder();
  private final LongAdder texts = new LongAdder();

  /** Counts a run that has ended so. Work that was given back is neither done nor failed. */
  void ended(Outcome outcome) {
    switch (outcome) {
      case Outcome.Done _ -> done.increment();
      case Outcome.Retry _, Outcome.Reject _ -> failed.increment();
      case Outcome.Postpone _, Outcome.Await _ -> {}
    }
  }

  /** Counts a run that was no task's. */
  void ended(boolean completed) {
    (completed ? done : failed).increment();
  }

  /** Counts a run of a model with so many texts. */
  public void ran(int count) {
    runs.increment();
    texts.add(count);
  }

  Instant startedAt() {
    return startedAt;
  }

  WorkerReport report(long running, String device) {
    return new WorkerReport(
        HOST,
        device,
        running,
        done.sum(),
        failed.sum(),
        new Batches(runs.sum(), texts.sum()),
        memory(),
        Version.current());
  }

  private static String host() {
    String name;
    try {
      name =
          Files.isReadable(HOST_NAME)
              ? Files.readString(HOST_NAME).strip()
              : InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return ""; // no name of its own that could be looked up
    }
    return name.substring(0, Math.min(name.length(), MOST_HOST));
  }

  /** The process's resident memory in bytes; −1 where the system does not tell. */
  static long memory() {
    if (!Files.isReadable(STATUS)) {
      return -1;
    }
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(RESIDENT))
          .map(line -> line.replaceAll("\\D", ""))
          .mapToLong(kib -> Long.parseLong(kib) * KIB)
          .findFirst()
          .orElse(-1);
    } catch (IOException e) {
      return -1;
    }
  }
}
