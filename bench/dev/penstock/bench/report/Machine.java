package dev.penstock.bench.report;

import ai.onnxruntime.OrtEnvironment;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.function.Predicate;

/** The machine that figures are from, without which they mean nothing. */
public final class Machine {
  private static final double GIB = 1L << 30;
  private static final double BUSY = 0.1;
  private static final Duration LOOK = Duration.ofSeconds(2);

  private Machine() {}

  /**
   * Describes it, and says when something else kept it busy.
   *
   * @param data where the measured program keeps its data
   */
  public static String describe(Path data, String arguments)
      throws IOException, InterruptedException {
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    int cores = Runtime.getRuntime().availableProcessors();
    double load = load(system);
    var table = new Report.Table("what", "");
    table.row("CPU", line("/proc/cpuinfo", "model name", System.getProperty("os.arch", "?")));
    table.row("cores", cores + (virtual() ? " (virtual machine)" : ""));
    table.row("memory", String.format(Locale.ROOT, "%.0f GiB", system.getTotalMemorySize() / GIB));
    table.row(
        "OS",
        line("/etc/os-release", "PRETTY_NAME", System.getProperty("os.name", "?"))
            + ", kernel "
            + System.getProperty("os.version", "?"));
    table.row(
        "JDK",
        System.getProperty("java.vm.name", "?") + " " + System.getProperty("java.runtime.version"));
    table.row("ONNX Runtime", OrtEnvironment.getEnvironment().getVersion());
    table.row("file system of the data", Files.getFileStore(data).type());
    table.row(
        "processors in use before the run",
        Format.percent(load)
            + (load > BUSY ? ": **the machine was busy, take no figure for good**" : ""));
    table.row("run", LocalDate.now(ZoneOffset.UTC) + ", `make bench" + arguments + "`");
    return table.markdown();
  }

  /** Not the load average: the build that came before is still in that. */
  private static double load(OperatingSystemMXBean system) throws InterruptedException {
    var _ = system.getCpuLoad(); // from which the next one counts
    Thread.sleep(LOOK);
    return system.getCpuLoad();
  }

  private static boolean virtual() throws IOException {
    return line("/proc/cpuinfo", "flags", "").contains("hypervisor");
  }

  /** A value from a file of names and values, where there is such a file. */
  private static String line(String file, String name, String otherwise) throws IOException {
    Path path = Path.of(file);
    if (!Files.isReadable(path)) {
      return otherwise;
    }
    Predicate<String> named = line -> line.startsWith(name);
    try (var lines = Files.lines(path)) {
      return lines
          .filter(named)
          .map(line -> line.replaceFirst("^[^:=]*[:=]", "").replace("\"", "").strip())
          .findFirst()
          .orElse(otherwise);
    }
  }
}
