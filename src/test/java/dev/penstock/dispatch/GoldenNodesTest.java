package dev.penstock.dispatch;

import static dev.penstock.storage.GoldenTasks.EMBEDDING;
import static dev.penstock.storage.GoldenTasks.MINIMAL;
import static dev.penstock.storage.GoldenTasks.PING;
import static dev.penstock.storage.GoldenTasks.RICH;
import static dev.penstock.storage.GoldenTasks.TOKENS;
import static dev.penstock.storage.GoldenTasks.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.bus.Bus;
import dev.penstock.bus.Event;
import dev.penstock.bus.Request.ExtendLeases;
import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.Leased;
import dev.penstock.bus.Request.RetryTask;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.RetryPolicy;
import dev.penstock.core.RetryResult;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.GoldenScenario;
import dev.penstock.storage.SettableClock;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.rabbit.RabbitTaskQueue;
import dev.penstock.storage.redis.RedisTaskStore;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import dev.penstock.testing.Await;
import dev.penstock.testing.Golden;
import dev.penstock.testing.GoldenBroker;
import dev.penstock.testing.RabbitServer;
import dev.penstock.testing.RedisContent;
import dev.penstock.testing.RedisServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nodes of two versions side by side: the parts of a node of today go on with a Redis and a broker
 * that nodes of version 0.1.0 have filled, and may be using still.
 */
final class GoldenNodesTest {
  private static final String REDIS = "redis-0.1.0.txt";
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Set<String> OWNERS = Set.of(RICH.owner(), TOKENS.owner(), MINIMAL.owner());
  private static final Pattern OWN =
      Pattern.compile(
          "(?<=:identity:).*|\\{s\\d\\d}|\\b[0-9a-v]{36}\\b|\\b\\d{16}\\b|\\b[0-9a-f]{64}\\b|"
              + Pattern.quote(EMBEDDING.name())
              + "|"
              + PING.name());

  @TempDir Path folder;

  private final SettableClock clock = new SettableClock();
  private final Vertx vertx = Vertx.vertx();
  private final Queue<TaskId> told = new ConcurrentLinkedQueue<>();

  @SuppressWarnings("NullAway.Init") // Started before the test.
  private RedisServer redis;

  @SuppressWarnings("NullAway.Init")
  private RabbitServer rabbit;

  @SuppressWarnings("NullAway.Init")
  private RedisContent content;

  @SuppressWarnings("NullAway.Init")
  private TaskStore store;

  @SuppressWarnings("NullAway.Init")
  private TaskQueue queue;

  @SuppressWarnings("NullAway.Init")
  private Pauses pauses;

  @SuppressWarnings("NullAway.Init")
  private Dispatcher dispatcher;

  @SuppressWarnings("NullAway.Init")
  private Families families;

  @BeforeEach
  void takeOver() throws Exception {
    redis = RedisServer.start(folder.resolve("redis"));
    rabbit = RabbitServer.start(Files.createDirectory(folder.resolve("rabbit")));
    content = new RedisContent(vertx, redis);
    content.restore(Golden.text(REDIS));
    GoldenBroker.publish(rabbit);
    clock.advance(Duration.ofSeconds(42)); // what has been left is that old
    open();
  }

  private void open() throws Exception {
    Map<String, String> given = new HashMap<>();
    given.put("redis.host", "127.0.0.1");
    given.put("redis.port", Integer.toString(redis.port()));
    given.put("rabbitmq.host", "127.0.0.1");
    given.put("rabbitmq.port", Integer.toString(rabbit.port()));
    Settings settings = SettingsLoader.load(List.of(), given, Map.of(), null).settings();
    var meters = new Meters(new SimpleMeterRegistry());
    var bus = Bus.over(vertx, "node-1");
    bus.listen("node-1", Event.TaskSettled.class, settled -> told.add(settled.task().id()));
    store = RedisTaskStore.open(vertx, settings.redis(), clock, SOON);
    queue = RabbitTaskQueue.open(settings.rabbitmq(), meters, () -> OWNERS);
    Await.until("it is connected", SOON, () -> queue.trouble().isEmpty());
    pauses = new Pauses(store, _ -> {});
    var recorder = new Recorder(meters, clock);
    var unsent = new Unsent(store, queue);
    families = new Families(store, queue, recorder, unsent);
    dispatcher =
        new Dispatcher(
            store,
            queue,
            bus,
            meters,
            recorder,
            pauses,
            new Settlements(
                store,
                new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(60)),
                new ChildSpecs((lane, _) -> lane, clock),
                3,
                () -> false),
            families,
            LEASE,
            clock,
            unsent);
  }

  @AfterEach
  void stop() throws Exception {
    queue.close();
    store.close();
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    rabbit.close();
    redis.close();
  }

  private Leased lease(Lane lane, Suspects suspects, Duration patience) throws Exception {
    return dispatcher.lease(
        new LeaseTasks("worker-2", lane, 10, 1 << 20, Priority.LOWEST, suspects, patience));
  }

  private SettleReply done(TaskId id, String token) {
    var done = new Outcome.Done(TaskOutput.json("\"by today's node\""));
    return dispatcher.settle(List.of(new SettleTask(id, null, token, done))).getFirst();
  }

  /** Leases until these have come, in whatever order, and ends them. */
  private void run(Lane lane, Suspects suspects, TaskId... expected) throws Exception {
    List<TaskId> ran = new ArrayList<>();
    Await.until(
        "they have come",
        SOON,
        () -> {
          for (LeasedTask leased : lease(lane, suspects, Duration.ofSeconds(1)).tasks()) {
            ran.add(leased.task().id());
            assertThat(done(leased.task().id(), leased.lease().token()))
                .isEqualTo(SettleReply.SETTLED);
          }
          return ran.size() >= expected.length;
        });
    assertThat(ran).containsExactlyInAnyOrder(expected);
  }

  @Test
  void allThatOldNodesLeftIsCompletedByTodaysNodeInTheirFormats() throws Exception {
    pauses.refresh();
    assertThat(lease(PING, Suspects.SHOW, Duration.ZERO).tasks()).as("paused there").isEmpty();
    pauses.pause(PING, false);

    // What the old nodes had published; the message of the scheduled task is before its time.
    run(PING, Suspects.SHOW, MINIMAL.id());
    run(EMBEDDING, Suspects.SHOW, TOKENS.id());

    // What an old node's worker runs.
    String token = field(GoldenScenario.RUNS, "token");
    assertThat(
            dispatcher.extend(
                new ExtendLeases(
                    "worker-1", List.of(new HeldLease(GoldenScenario.RUNS, token, null)))))
        .isEmpty();
    assertThat(done(GoldenScenario.RUNS, token)).isEqualTo(SettleReply.SETTLED);
    assertThat(done(GoldenScenario.RUNS, token)).isEqualTo(SettleReply.REPEATED);
    assertThat(done(GoldenScenario.DONE, field(GoldenScenario.DONE, "settled")))
        .isEqualTo(SettleReply.REPEATED);

    // What has lost its message, one that has lost a lease among it.
    Await.until("no message is left", SOON, () -> queue.messages(EMBEDDING).orElse(1) == 0);
    new Rescuer(store, queue, clock, clock, Duration.ZERO).run();
    run(EMBEDDING, Suspects.SHOW, id("k"), id("l"), id("d"));

    // What is to be done by hand, and what has its time.
    var byHand = new ManualChanges(store, dispatcher, families);
    for (String ended : List.of("i", "j")) {
      assertThat(byHand.retry(new RetryTask(id(ended)))).isInstanceOf(RetryResult.Now.class);
    }
    run(EMBEDDING, Suspects.SHOW, id("i"), id("j"));
    clock.advance(Duration.ofHours(1).plusSeconds(30));
    new Scheduler(store, dispatcher).run();
    run(EMBEDDING, Suspects.SHOW, RICH.id(), id("h"));

    assertThat(store.figures().states()).containsEntry(TaskState.COMPLETED, 12L);
    assertThat(store.figures().lanes()).isEmpty();
    for (Lane lane : List.of(EMBEDDING, PING)) {
      Await.until("no message is left", SOON, () -> queue.messages(lane).orElse(1) == 0);
    }
    Await.until("its submitter is told, on that node", SOON, () -> told.contains(RICH.id()));
    assertThat(shapes(Golden.text(REDIS))).containsAll(shapes(content.dump()));
  }

  private String field(TaskId id, String name) throws Exception {
    String record =
        Golden.text(REDIS)
            .lines()
            .filter(line -> line.startsWith("hash ") && line.endsWith(":task:" + id))
            .map(line -> line.substring("hash ".length()))
            .findFirst()
            .orElseThrow();
    return content.send("HGET", record, name).toString();
  }

  /** The kinds of keys and, of hashes, their fields: what an old node has to know. */
  private static Set<String> shapes(String dump) {
    Set<String> shapes = new TreeSet<>();
    String key = "";
    for (String line : dump.split("\n", 0)) {
      if (!line.startsWith("\t")) {
        key = OWN.matcher(line).replaceAll("*");
        shapes.add(key);
      } else if (key.startsWith("hash ")) {
        shapes.add(key + " " + OWN.matcher(line.split("\t", 3)[1]).replaceAll("*"));
      }
    }
    return shapes;
  }
}
