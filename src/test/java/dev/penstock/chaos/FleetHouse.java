package dev.penstock.chaos;

import dev.penstock.testing.Api;
import dev.penstock.testing.Fleet;
import dev.penstock.testing.Fleet.Member;
import dev.penstock.testing.PenstockProcess;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Two nodes that take requests and two that run tasks, over RabbitMQ and Redis. */
final class FleetHouse implements House {
  private static final Duration STOP = Duration.ofSeconds(30);
  private static final long ROOM = 64_000_000;

  private final Fleet fleet;

  private FleetHouse(Fleet fleet) {
    this.fleet = fleet;
  }

  static FleetHouse start(Path folder) throws Exception {
    return new FleetHouse(Fleet.start(folder, Usual.SETTINGS, 2, 2));
  }

  @Override
  public String name() {
    return "RabbitMQ + Redis";
  }

  @Override
  public List<Api> doors() {
    return List.of(fleet.api(0), fleet.api(1));
  }

  @Override
  public List<PenstockProcess> nodes() {
    return fleet.all().stream().map(Member::process).toList();
  }

  @Override
  public List<Fault> faults() {
    List<Fault> faults = new ArrayList<>();
    faults.add(new Fault("kill -9 a node that runs tasks", false, this::killWorker));
    faults.add(new Fault("kill -9 a node that takes requests", true, this::killTaker));
    faults.add(new Fault("freeze a node that runs tasks", false, this::freezeWorker));
    faults.add(new Fault("a node that runs tasks leaves and joins again", false, this::rejoin));
    faults.add(
        new Fault(
            "kill -9 RabbitMQ",
            true,
            _ -> {
              fleet.rabbit().kill();
              fleet.rabbit().relaunch();
              fleet.rabbit().awaitUp();
            }));
    faults.add(
        new Fault(
            "freeze RabbitMQ",
            true,
            random -> {
              fleet.rabbit().freeze();
              pause(random, 8_000);
              fleet.rabbit().thaw();
            }));
    faults.add(
        new Fault(
            "kill -9 Redis",
            true,
            _ -> {
              fleet.redis().kill();
              fleet.redis().restart();
            }));
    faults.add(
        new Fault(
            "freeze Redis past the leases",
            true,
            random -> {
              fleet.redis().freeze();
              pause(random, 8_000);
              fleet.redis().thaw();
            }));
    faults.addAll(Usual.faults(this));
    return faults;
  }

  @Override
  public Closeable narrow() throws IOException {
    limit(fleet.redis().usedMemory() + ROOM);
    return () -> limit(0);
  }

  private void limit(long bytes) throws IOException {
    fleet.redis().command("CONFIG SET maxmemory " + bytes);
  }

  private Member worker(Random random) {
    return fleet.inference(random.nextInt(2));
  }

  private void killWorker(Random random) throws Exception {
    Member member = worker(random);
    fleet.kill(member);
    member.process().relaunch();
  }

  private void killTaker(Random random) throws Exception {
    Member member = fleet.http(random.nextInt(2));
    fleet.kill(member);
    member.process().relaunch();
  }

  private void freezeWorker(Random random) throws Exception {
    Member member = worker(random);
    member.process().signal("STOP");
    pause(random, 8_000);
    member.process().signal("CONT");
  }

  private void rejoin(Random random) throws Exception {
    Member member = worker(random);
    fleet.stop(member, STOP);
    pause(random, 3_000);
    member.process().relaunch();
  }

  /** How long a thing is away is drawn too. */
  private static void pause(Random random, int mostMillis) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(mostMillis));
  }

  @Override
  public void mend() throws Exception {
    fleet.awaitWhole();
  }

  @Override
  public void close() throws IOException {
    fleet.close();
  }
}
