package dev.penstock.storage;

import dev.penstock.task.Identity;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tasks that are always the same, for what is compared with what version 0.1.0 wrote of them. */
public final class GoldenTasks {
  public static final Lane EMBEDDING = new Lane("embedding", "all-minilm-l6-v2");
  public static final Lane PING = new Lane("ping", null);
  public static final Instant RUN_AT = Instant.parse("2026-01-02T04:05:06.789012Z");

  /** Every optional part, a name for its identity, and more than ASCII. */
  public static final TaskSpec RICH =
      spec(
          id("a"),
          EMBEDDING,
          "an owner/ü",
          8,
          "{\"model\": \"all-minilm-l6-v2\",\"input\":[\"größe\",\"\\u0000\"]}",
          RUN_AT,
          Map.of("größe", "\ud83d\n\""),
          new Identity.Named("order ü", "digest-1"),
          "node-1");

  /** Token ids for its input, and equal work for its identity. */
  public static final TaskSpec TOKENS =
      spec(
          id("b"),
          EMBEDDING,
          "owner",
          5,
          "{\"input\":[[101,7592,102],[101,102]],\"encoding_format\":\"base64\",\"dimensions\":256}",
          null,
          Map.of("source", "golden"),
          new Identity.Alike("digest-2"),
          null);

  /** Nothing that can be left out. */
  public static final TaskSpec MINIMAL =
      spec(id("c"), PING, "default", 0, "{}", null, Map.of(), null, null);

  private GoldenTasks() {}

  /** An id of that digit, made at one and the same time. */
  public static TaskId id(String digit) {
    return new TaskId("01k3jbd9e8" + digit.repeat(26));
  }

  /** The only place that knows how a spec is put together. */
  public static TaskSpec spec(
      TaskId id,
      Lane lane,
      String owner,
      int priority,
      String input,
      @Nullable Instant runAt,
      Map<String, String> metadata,
      @Nullable Identity identity,
      @Nullable String replyTo) {
    return new TaskSpec(
        id,
        new TaskSpec.Work(
            lane, new Priority(priority), input.getBytes(StandardCharsets.UTF_8), runAt),
        new TaskSpec.Limits(4, Duration.ofMillis(61_500)),
        new TaskSpec.Retention(Duration.ofHours(1), Duration.ofDays(7)),
        new TaskSpec.Origin(owner, metadata, identity, replyTo));
  }
}
