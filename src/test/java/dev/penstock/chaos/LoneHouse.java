package dev.penstock.chaos;

import dev.penstock.testing.Api;
import dev.penstock.testing.PenstockProcess;
import java.io.Closeable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One program with SQLite inside. */
final class LoneHouse implements House {
  private static final Duration STOP = Duration.ofSeconds(30);

  private final PenstockProcess process;
  private final Api api;

  private LoneHouse(PenstockProcess process) {
    this.process = process;
    this.api = process.api();
  }

  static LoneHouse start(Path folder) throws Exception {
    Map<String, String> settings = new HashMap<>(PenstockProcess.SHORT_LEASES);
    settings.putAll(Usual.SETTINGS);
    settings.put("STORE_MAX_BYTES", "64MiB");
    return new LoneHouse(PenstockProcess.start(folder, settings));
  }

  @Override
  public String name() {
    return "SQLite";
  }

  @Override
  public List<Api> doors() {
    return List.of(api);
  }

  @Override
  public List<PenstockProcess> nodes() {
    return List.of(process);
  }

  @Override
  public List<Fault> faults() {
    List<Fault> faults = new ArrayList<>();
    faults.add(
        new Fault(
            "kill -9",
            true,
            _ -> {
              process.kill();
              process.relaunch();
            }));
    faults.add(
        new Fault(
            "stop and start",
            true,
            _ -> {
              process.terminate(STOP);
              process.relaunch();
            }));
    faults.add(
        new Fault(
            "freeze past the leases",
            true,
            random -> {
              process.signal("STOP");
              TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(6_000)); // is the fault itself
              process.signal("CONT");
            }));
    faults.addAll(Usual.faults(this));
    return faults;
  }

  @Override
  public Closeable narrow() {
    return () -> {}; // it is by its settings
  }

  @Override
  public void mend() throws Exception {
    if (!process.alive()) {
      process.relaunch();
    }
    process.awaitReady();
  }

  @Override
  public void close() {
    api.close();
    process.close();
  }
}
