package dev.penstock.bench;

import java.time.Duration;
import java.util.Optional;

/** Processor time of the generator and of the server it loads: they share the machine. */
public final class Cpu {
  private final ProcessHandle server;

  public Cpu(long serverPid) {
    this.server = ProcessHandle.of(serverPid).orElseThrow();
  }

  /** A moment to measure from. */
  public record Mark(long nanos, Duration generator, Duration server) {}

  /**
   * Parts of the whole machine's processor time, 0 to 1.
   *
   * @param generator this process
   * @param server the server's process
   */
  public record Share(double generator, double server) {}

  public Mark mark() {
    return new Mark(System.nanoTime(), used(ProcessHandle.current()), used(server));
  }

  public Share since(Mark mark) {
    Mark now = mark();
    double all = (double) (now.nanos - mark.nanos) * Runtime.getRuntime().availableProcessors();
    return new Share(
        now.generator.minus(mark.generator).toNanos() / all,
        now.server.minus(mark.server).toNanos() / all);
  }

  private static Duration used(ProcessHandle process) {
    Optional<Duration> used = process.info().totalCpuDuration();
    return used.orElse(Duration.ZERO);
  }
}
