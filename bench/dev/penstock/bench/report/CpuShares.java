package dev.penstock.bench.report;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Processor time of groups of processes, each as a part of the whole machine's, 0 to 1. */
public final class CpuShares {
  public static final String GENERATOR = "generator";

  private final Map<String, List<ProcessHandle>> groups;

  /**
   * @param groups of processes, by name; the generator is added to them
   */
  public CpuShares(Map<String, List<ProcessHandle>> groups) {
    this.groups = new HashMap<>(groups);
    this.groups.put(GENERATOR, List.of(ProcessHandle.current()));
  }

  /** A moment to measure from. */
  public record Mark(long nanos, Map<ProcessHandle, Duration> used) {}

  public Mark mark() {
    Map<ProcessHandle, Duration> used = new HashMap<>();
    for (List<ProcessHandle> processes : groups.values()) {
      for (ProcessHandle process : processes) {
        process.info().totalCpuDuration().ifPresent(time -> used.put(process, time));
      }
    }
    return new Mark(System.nanoTime(), used);
  }

  /** Of processes that were there at both ends: a broker's small helpers come and go. */
  public Map<String, Double> since(Mark mark) {
    Mark now = mark();
    double all = (double) (now.nanos - mark.nanos) * Runtime.getRuntime().availableProcessors();
    Map<String, Double> shares = new HashMap<>();
    groups.forEach((name, processes) -> {
      long nanos = 0;
      for (ProcessHandle process : processes) {
        Duration before = mark.used.get(process);
        Duration after = now.used.get(process);
        if (before != null && after != null) {
          nanos += after.minus(before).toNanos();
        }
      }
      shares.put(name, nanos / all);
    });
    return shares;
  }
}
