package dev.penstock.storage;

import static dev.penstock.storage.GoldenTasks.EMBEDDING;
import static dev.penstock.storage.GoldenTasks.MINIMAL;
import static dev.penstock.storage.GoldenTasks.PING;
import static dev.penstock.storage.GoldenTasks.RICH;
import static dev.penstock.storage.GoldenTasks.TOKENS;
import static dev.penstock.storage.GoldenTasks.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.ApiKey;
import dev.penstock.core.Ending;
import dev.penstock.core.HeldLease;
import dev.penstock.core.LaneCounts;
import dev.penstock.core.LaneMinute;
import dev.penstock.core.Latencies;
import dev.penstock.core.RetryResult;
import dev.penstock.core.Scope;
import dev.penstock.core.Step;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.storage.TaskStore.Settle;
import dev.penstock.storage.TaskStore.Settled;
import dev.penstock.task.Identity;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskSpec;
import dev.penstock.testing.Golden;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A store with a task in every state, as version 0.1.0 left it: how it comes to be, how it reads,
 * and how its tasks go on.
 */
public final class GoldenScenario {
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration MARGIN = Duration.ofSeconds(10);
  private static final Pattern TOKEN = Pattern.compile("\\b[0-9a-f]{32}\\b");
  private static final Pattern PLACE = Pattern.compile("\\tseq\\t([0-9]+)");
  private static final Pattern WORD = Pattern.compile("\\b[0-9a-f]{16,32}\\b");
  private static final TaskError THREW = new TaskError(TaskError.Code.INFERENCE_FAILED, "it threw");

  /** When it begins, by the clock of the tests. */
  private static final Instant BEGAN = SettableClock.START;

  private static final TaskSpec LOST = plain("d");
  private static final TaskSpec RUNNING = plain("e");
  private static final TaskSpec JSON = plain("f");
  private static final TaskSpec VECTORS = plain("g");
  private static final TaskSpec BACKOFF = plain("h");
  private static final TaskSpec FAILED = plain("i");
  private static final TaskSpec CANCELLED = plain("j");
  private static final TaskSpec RETRIED = plain("k");
  private static final TaskSpec READY =
      GoldenTasks.spec(
          id("l"),
          EMBEDDING,
          "owner",
          7,
          "{\"input\":\"ready\"}",
          null,
          Map.of(),
          new Identity.Named("order l", "digest-l"),
          "node-2");
  private static final List<TaskSpec> ALL =
      List.of(
          RICH, TOKENS, MINIMAL, LOST, RUNNING, JSON, VECTORS, BACKOFF, FAILED, CANCELLED, RETRIED,
          READY);

  /** The one that runs. */
  public static final TaskId RUNS = RUNNING.id();

  /** The one that has been completed. */
  public static final TaskId DONE = JSON.id();

  private static final ApiKey CLIENT =
      new ApiKey(
          "key-1",
          "an owner/ü",
          Set.of(Scope.CLIENT),
          "1".repeat(64),
          new Priority(6),
          "a label, ü",
          BEGAN,
          null);
  private static final ApiKey OTHER =
      new ApiKey(
          "key-2",
          "machines",
          Set.of(Scope.WORKER, Scope.METRICS),
          "2".repeat(64),
          null,
          null,
          BEGAN.plusSeconds(1),
          null);

  private GoldenScenario() {}

  private static TaskSpec plain(String digit) {
    return GoldenTasks.spec(
        id(digit),
        EMBEDDING,
        "owner",
        5,
        "{\"input\":\"" + digit + "\"}",
        null,
        Map.of("n", digit),
        null,
        null);
  }

  private static LaneMinute minute() {
    long[] waited = new long[Latencies.BUCKETS];
    long[] ran = new long[Latencies.BUCKETS];
    waited[3] = 2;
    waited[23] = 1;
    ran[0] = 3;
    return new LaneMinute(
        Instant.parse("2026-01-02T03:04:00Z"),
        EMBEDDING,
        9,
        2,
        1,
        4,
        new Latencies(waited),
        new Latencies(ran));
  }

  /** Two vectors of three numbers, as they are kept. */
  private static TaskOutput vectors() {
    ByteBuffer all = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
    all.putInt(2).putInt(3).putInt(7).putInt(1);
    for (float each : new float[] {1, -2, 0.5f, 0, 1e-9f, 3e9f}) {
      all.putFloat(each);
    }
    return new TaskOutput(TaskOutput.Format.EMBEDDINGS, all.array());
  }

  // --- how it comes to be

  /** Fills an empty store. */
  public static void play(TaskStore store, KeyStore keys, SettableClock clock) {
    insert(store, LOST);
    claim(store, LOST);
    clock.advance(LEASE.plus(MARGIN).plusMillis(1));
    assertThat(store.reclaimLapsed(MARGIN, 2, 10).ready()).hasSize(1);
    for (TaskSpec spec : ALL) {
      if (!spec.equals(LOST)) {
        insert(store, spec);
        clock.advance(Duration.ofMillis(10));
      }
    }
    String running = claim(store, RUNNING);
    settle(store, JSON, new Ending.Completed(TaskOutput.json("{\"is\": [1, \"ü\"]}")));
    settle(store, VECTORS, new Ending.Completed(vectors()));
    settle(store, BACKOFF, new Ending.Backoff(THREW, Duration.ofMinutes(5)));
    settle(store, FAILED, new Ending.Failed(THREW));
    store.cancel(List.of(CANCELLED.id()));
    settle(store, RETRIED, new Ending.Failed(new TaskError(TaskError.Code.TIMEOUT, "ü too long")));
    clock.advance(Duration.ofSeconds(1));
    store.retry(List.of(RETRIED.id()));
    var progress = new Progress(3, 10, "three of ten");
    assertThat(store.extend(List.of(new HeldLease(RUNNING.id(), running, progress)), LEASE))
        .isEmpty();
    store.pause(PING, true);
    store.addHistory(List.of(minute(), minute()));
    assertThat(store.holdChores("node-1", LEASE)).isTrue();
    keys.add(CLIENT);
    keys.add(OTHER);
    keys.revoke(OTHER.id(), BEGAN.plusSeconds(2));
  }

  private static void insert(TaskStore store, TaskSpec spec) {
    assertThat(store.insert(List.of(spec))).hasSize(1).hasOnlyElementsOfType(Inserted.Kept.class);
  }

  private static String claim(TaskStore store, TaskSpec spec) {
    return ((Claim.Claimed) store.claim(List.of(spec.id()), "worker-1", LEASE, false).getFirst())
        .lease()
        .token();
  }

  private static void settle(TaskStore store, TaskSpec spec, Ending ending) {
    var settle = new Settle(spec.id(), claim(store, spec), ending);
    assertThat(store.settle(List.of(settle)).getFirst()).isInstanceOf(Settled.Now.class);
  }

  /**
   * The text without what differs from one time to the next: lease tokens, the places in the order
   * of submits, which Redis counts from the wall clock, and the order of members that its scripts
   * write.
   */
  public static String masked(String text) {
    Map<String, String> names = new HashMap<>();
    PLACE
        .matcher(text)
        .results()
        .map(found -> found.group(1))
        .sorted()
        .forEach(place -> names.put(place, "place-" + (names.size() + 1)));
    TOKEN
        .matcher(text)
        .results()
        .forEach(found -> names.putIfAbsent(found.group(), "token-" + (names.size() + 1)));
    return text.lines()
        .map(line ->
            WORD.matcher(line)
                .replaceAll(
                    word -> Objects.requireNonNullElse(names.get(word.group()), word.group())))
        .map(line -> line.contains("\"kind\":") || line.contains("\"hash\":") ? sorted(line) : line)
        .collect(Collectors.joining("\n"));
  }

  private static String sorted(String object) {
    return Arrays.stream(object.split("[{},]", 0)).sorted().collect(Collectors.joining(","));
  }

  /** A store's content is that of the file, but for what is {@link #masked}. */
  public static void check(String file, String content) throws Exception {
    if (Golden.writes()) {
      Golden.check(file, content);
    }
    assertThat(masked(content)).isEqualTo(masked(Golden.text(file)));
  }

  // --- how it reads

  /** All that the store tells of the scenario. Both kinds of store tell the same. */
  public static void checkRead(TaskStore store, KeyStore keys) throws Exception {
    String tasks =
        ALL.stream()
            .map(spec -> tell(store.find(spec.id()).orElseThrow(), store.steps(spec.id())))
            .collect(Collectors.joining("\n"));
    String rest =
        """

        paused: %s
        history: %s
        keys: %s
        owners: %s
        states: %s
        lanes: %s
        """
            .formatted(
                store.paused(),
                store.history(Instant.EPOCH),
                keys.list().stream().map(GoldenScenario::tell).toList(),
                new TreeSet<>(keys.owners()),
                new TreeMap<>(store.figures().states()),
                store.figures().lanes().stream()
                    .map(GoldenScenario::tell)
                    .sorted()
                    .collect(Collectors.joining(", ")));
    Golden.check("stored-0.1.0.txt", tasks + rest);
    for (TaskSpec spec : ALL) {
      assertThat(store.find(spec.id()).orElseThrow().spec())
          .usingRecursiveComparison()
          .isEqualTo(spec.withoutIdentity());
    }
  }

  private static String tell(LaneCounts lane) {
    return "LaneFigures[lane=%s, ready=%d, scheduled=%d, running=%d, failed=%d, oldest=%s]"
        .formatted(
            lane.lane(),
            lane.ready(),
            lane.scheduled(),
            lane.running(),
            lane.failed(),
            lane.oldest());
  }

  private static String tell(ApiKey key) {
    return "%s %s %s %s %s %s %s %s"
        .formatted(
            key.id(),
            key.owner(),
            new TreeSet<>(key.scopes()),
            key.hash(),
            key.highest(),
            key.label(),
            key.created(),
            key.revoked());
  }

  private static String tell(Task task, List<Step> steps) {
    return """
    task %s
      lane %s, owner %s, priority %d, attempts %d of %d, lost %d, timeout %s, kept %s and %s
      %s, run at %s, reply to %s, worker %s
      created %s, queued %s, started %s, finished %s
      progress %s
      error %s
      input %s
      metadata %s
      output %s
      steps %s
    """
        .formatted(
            task.id(),
            task.spec().lane(),
            task.spec().owner(),
            task.spec().priority().value(),
            task.attempts(),
            task.spec().maxAttempts(),
            task.lost(),
            task.spec().timeout(),
            task.spec().retention().completed(),
            task.spec().retention().failed(),
            task.state(),
            task.spec().runAt(),
            task.spec().replyTo(),
            task.worker(),
            task.createdAt(),
            task.queuedAt(),
            task.startedAt(),
            task.finishedAt(),
            task.progress(),
            task.error(),
            ascii(task.spec().input()),
            ascii(task.spec().metadata().toString().getBytes(StandardCharsets.UTF_16BE)),
            tell(task.output()),
            steps);
  }

  private static String tell(@Nullable TaskOutput output) {
    return output == null ? "none" : output.format() + " " + ascii(output.bytes());
  }

  /** Bytes as a line of ASCII: what is none is written as {@code \xNN}. */
  public static String ascii(byte[] bytes) {
    var text = new StringBuilder();
    for (byte each : bytes) {
      if (each >= ' ' && each < 0x7f && each != '\\') {
        text.append((char) each);
      } else {
        text.append("\\x%02x".formatted(each));
      }
    }
    return text.toString();
  }

  // --- how it goes on

  /**
   * The tasks of a store that version 0.1.0 left go on from where they were.
   *
   * @param running the token under which {@link #RUNS} runs
   * @param done the one under which {@link #DONE} was completed
   */
  public static void goOn(TaskStore store, SettableClock clock, String running, String done) {
    assertThat(again(store, READY)).isInstanceOf(Inserted.Earlier.class);
    assertThat(again(store, RICH)).isInstanceOf(Inserted.Earlier.class);
    assertThat(again(store, TOKENS)).isInstanceOf(Inserted.Earlier.class);
    assertThat(again(store, with(READY, new Identity.Named("order l", "another"))))
        .isEqualTo(new Inserted.Conflict());

    assertThat(store.claim(List.of(RUNNING.id(), RICH.id(), JSON.id()), "w", LEASE, false))
        .containsExactly(new Claim.Held(), new Claim.Held(), new Claim.Settled());
    Ending ending = new Ending.Completed(TaskOutput.json("1"));
    assertThat(
            store.settle(
                List.of(
                    new Settle(RUNNING.id(), "0".repeat(32), ending),
                    new Settle(DONE, done, ending))))
        .containsExactly(new Settled.Stale(), new Settled.Before());
    assertThat(store.settle(List.of(new Settle(RUNS, running, ending))).getFirst())
        .isInstanceOf(Settled.Now.class);
    for (TaskSpec spec : List.of(READY, TOKENS, MINIMAL, RETRIED)) {
      settle(store, spec, ending);
    }
    var lost = (Claim.Claimed) store.claim(List.of(LOST.id()), "w", LEASE, false).getFirst();
    assertThat(lost.task().lost()).isEqualTo(1);
    assertThat(lost.deaths()).as("nobody knows what became of its worker").isZero();
    store.settle(List.of(new Settle(LOST.id(), lost.lease().token(), ending)));
    assertThat(store.retry(List.of(FAILED.id(), CANCELLED.id())))
        .allMatch(RetryResult.Now.class::isInstance);
    clock.advance(Duration.ofHours(1).plusSeconds(30));
    assertThat(store.promoteDue(10).stream().map(TaskSpec::id))
        .containsExactlyInAnyOrder(RICH.id(), BACKOFF.id());
    for (TaskSpec spec : List.of(RICH, BACKOFF, FAILED, CANCELLED)) {
      settle(store, spec, ending);
    }
    clock.advance(Duration.ofDays(8));
    assertThat(store.deleteExpired(100)).isEqualTo(ALL.size());
    assertThat(store.figures().lanes()).isEmpty();
  }

  /** Submits it once more, under another id. */
  private static Inserted again(TaskStore store, TaskSpec spec) {
    return store.insert(List.of(with(spec, spec.identity()))).getFirst();
  }

  private static TaskSpec with(TaskSpec spec, @Nullable Identity identity) {
    return GoldenTasks.spec(
        id("u"),
        spec.lane(),
        spec.owner(),
        spec.priority().value(),
        new String(spec.input(), StandardCharsets.UTF_8),
        null,
        Map.of(),
        identity,
        null);
  }
}
