package dev.penstock.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.bus.Request.LeaseTasks;
import dev.penstock.bus.Request.SettleReply;
import dev.penstock.bus.Request.SettleTask;
import dev.penstock.bus.Request.Suspects;
import dev.penstock.core.Checkpoint;
import dev.penstock.core.HeldLease;
import dev.penstock.core.InvalidInput;
import dev.penstock.core.Lease;
import dev.penstock.core.LeasedTask;
import dev.penstock.core.WorkerReport;
import dev.penstock.core.WorkerReport.Batches;
import dev.penstock.json.StrictJson;
import dev.penstock.protocol.ExtendReply.Extension;
import dev.penstock.protocol.ExtendReply.Status;
import dev.penstock.protocol.LeaseRequest.Wish;
import dev.penstock.storage.GoldenTasks;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.EndedChildren.Child;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Priority;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskError;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class MessagesTest {
  private static final Instant STARTED = Instant.ofEpochMilli(1_763_780_000_123L);
  private static final Lane LANE = new Lane("ping", null);
  private static final TaskId LEASED = TaskId.random();
  private static final Introduction SELF =
      new Introduction(
          List.of(LANE),
          STARTED,
          new WorkerReport("rack-7", "cuda:0", 1, 2, 3, new Batches(4, 5), 6, "0.1.0"));

  private static final KnownLanes LANES =
      new KnownLanes() {
        @Override
        public Optional<Lane> find(String name) {
          return name.equals("ping") ? Optional.of(LANE) : Optional.empty();
        }

        @Override
        public RuntimeException unknown(String name, String param) {
          return new InvalidInput(param, name);
        }
      };

  @Test
  void aPollIsReadAsItWasMeant() {
    var ask =
        new LeaseTasks(
            "w", LANE, 8, 1 << 20, new Priority(3), Suspects.SHOW, Duration.ofSeconds(1));
    byte[] body = LeaseRequest.write("w", List.of(ask), Duration.ofMillis(1_500), SELF);
    assertThat(LeaseRequest.read(body, LANES))
        .isEqualTo(
            new LeaseRequest(
                "w",
                List.of(new Wish(LANE, 8, 1 << 20, new Priority(3), Suspects.SHOW)),
                8,
                1 << 20,
                Duration.ofMillis(1_500),
                SELF));
  }

  @Test
  void noPollAsksForMoreThanTheServerTakes() {
    var ask =
        new LeaseTasks(
            "w",
            LANE,
            1_000,
            Long.MAX_VALUE,
            Priority.LOWEST,
            Suspects.LEAVE,
            Duration.ofSeconds(1));
    byte[] body = LeaseRequest.write("w", List.of(ask), Duration.ZERO, SELF);
    assertThat(LeaseRequest.read(body, LANES).most()).isEqualTo(LeaseRequest.MAX_TASKS);
  }

  @Test
  void aLaneThatIsNotKnownIsRefusedInAPollAndLeftOutOfTheFigures() {
    byte[] poll = "{\"worker\":\"w\",\"lanes\":[\"ping\",\"other\"]}".getBytes(UTF_8);
    assertThatThrownBy(() -> LeaseRequest.read(poll, LANES))
        .isInstanceOfSatisfying(
            InvalidInput.class, refused -> assertThat(refused.param()).isEqualTo("lanes[1]"));
    byte[] extend =
        "{\"worker\":\"w\",\"leases\":[],\"figures\":{\"lanes\":[\"other\",\"ping\"]}}"
            .getBytes(UTF_8);
    assertThat(ExtendRequest.read(extend, LANES).figures())
        .satisfies(self -> assertThat(self.lanes()).containsExactly(LANE));
  }

  @Test
  void whatAWorkerHoldsIsReadAsItWasMeant() {
    var held =
        List.of(
            new HeldLease(TaskId.random(), "a", new Progress(1, 2, "half")),
            new HeldLease(TaskId.random(), "b", null));
    for (ExtendRequest said :
        List.of(
            new ExtendRequest("w", held, SELF, null, false),
            new ExtendRequest("w", List.of(), Introduction.none(STARTED), null, false),
            new ExtendRequest("w", held, SELF, STARTED, false),
            new ExtendRequest("w", held, SELF, STARTED, true))) {
      assertThat(ExtendRequest.read(said.write(), LANES)).isEqualTo(said);
    }
  }

  @Test
  void aCheckpointIsReadAsItWasLeft() {
    var left = new Checkpoint(new byte[] {0, -1, 7}, List.of(TaskId.random(), TaskId.random()), 3);
    var held = List.of(new HeldLease(TaskId.random(), "a", null, left));
    byte[] body = new ExtendRequest("w", held, SELF, null, false).write();
    Checkpoint read =
        Objects.requireNonNull(ExtendRequest.read(body, LANES).held().getFirst().checkpoint());
    assertThat(read.state()).isEqualTo(left.state());
    assertThat(read.read()).isEqualTo(left.read());
    assertThat(read.number()).isEqualTo(3);
  }

  @Test
  void whatAnEarlierRunLeftComesWithTheLease() throws Exception {
    var lease = new Lease(GoldenTasks.MINIMAL.id(), "t", STARTED);
    var task =
        new Task(
            GoldenTasks.MINIMAL,
            TaskState.PROCESSING,
            0,
            0,
            null,
            STARTED,
            null,
            null,
            null,
            null,
            null);
    var reply =
        new LeaseReply(
            List.of(new LeasedTask(task, lease, 3, new byte[0], 2), new LeasedTask(task, lease)),
            Set.of(),
            LeaseTerms.ours(Duration.ofSeconds(30), false));
    byte[] body = StrictJson.write(reply::write);
    LeaseReply read = LeaseReply.read(body, "w");
    assertThat(read.tasks()).extracting(LeasedTask::run).containsExactly(3L, 1L);
    assertThat(read.tasks().get(0).checkpoint()).isEmpty();
    assertThat(read.tasks().get(1).checkpoint()).isNull();
    assertThat(read.tasks()).extracting(LeasedTask::deaths).containsExactly(2, 0);
    assertThat(read.terms().offers()).contains(Offer.CHECKPOINTS, Offer.CHILDREN, Offer.APART);
  }

  @Test
  void suspectsAreAskedForAndTheirProcesssDeathIsToldAsItWasMeant() throws Exception {
    var ask = new LeaseTasks("w", LANE, 8, 1 << 20, Priority.LOWEST, Suspects.APART, Duration.ZERO);
    byte[] poll = LeaseRequest.write("w", List.of(ask), Duration.ZERO, SELF);
    LeaseRequest asked = LeaseRequest.read(poll, LANES);
    assertThat(asked.most()).as("more than one at a time").isEqualTo(8);
    assertThat(asked.wishes()).extracting(Wish::suspects).containsExactly(Suspects.APART);

    var died = new Outcome.Retry(new TaskError(TaskError.Code.LEASE_LOST, "signal 11"));
    var settle = new SettleTask(TaskId.random(), LANE, "t", died);
    byte[] body = SettleRequest.writeDied("w", settle, died.error());
    assertThat(SettleRequest.read(body, (_, _, _) -> TaskOutput.json("1")).outcome())
        .isEqualTo(died);
  }

  @Test
  void childrenAreReadAsTheyEndedTheirResultsByteForByte() throws Exception {
    var json = TaskOutput.json("{\"is\": [1.10, \"ü\", null]}");
    var bytes = new TaskOutput(TaskOutput.Format.EMBEDDINGS, new byte[] {1, -1});
    var error = new TaskError(TaskError.Code.TIMEOUT, "too long");
    var page =
        new EndedChildren(
            List.of(
                new Child(TaskId.random(), "a", TaskState.COMPLETED, json, null),
                new Child(TaskId.random(), "b", TaskState.COMPLETED, bytes, null),
                new Child(TaskId.random(), "c", TaskState.FAILED, null, error)),
            true,
            7);
    EndedChildren read =
        ChildrenReply.read(StrictJson.write(out -> ChildrenReply.write(out, page)));
    assertThat(read)
        .usingRecursiveComparison()
        .as("records compare arrays by what they are")
        .isEqualTo(page);
  }

  @Test
  void aQuestionForChildrenIsReadAsItWasMeant() {
    for (var asked :
        List.of(
            new ChildrenRequest("w", TaskId.random(), "t", null, 1),
            new ChildrenRequest("w", TaskId.random(), "t", TaskId.random(), 1_000))) {
      assertThat(ChildrenRequest.read(asked.write())).isEqualTo(asked);
    }
  }

  @Test
  void beforeAnythingIsKnownAWorkerSaysOnlyWhenItStarted() {
    var hello = new ExtendRequest("w", List.of(), Introduction.none(STARTED), null, false);
    assertThat(hello.write())
        .asString(UTF_8)
        .isEqualTo(
            "{\"worker\":\"w\",\"leases\":[],\"figures\":{\"started_at\":1.763780000123E9}}");
  }

  private static ExtendRequest extend(String leases) {
    String body = "{\"worker\":\"w\",\"leases\":" + leases + "}";
    return ExtendRequest.read(body.getBytes(UTF_8), LANES);
  }

  private static String lease(TaskId id, String members) {
    return "{\"id\":\"%s\",\"token\":\"t\"%s}".formatted(id, members);
  }

  @Test
  void aLeaseThatMakesNoSenseIsLeftOutAndItsNeighboursAreKept() {
    TaskId first = TaskId.random();
    TaskId last = TaskId.random();
    for (String wrong :
        List.of(
            "1",
            "null",
            "[]",
            "{}",
            "{\"id\":\"x\",\"token\":\"t\"}",
            "{\"id\":\"\",\"token\":\"t\"}",
            "{\"id\":7,\"token\":\"t\"}",
            "{\"id\":\"" + "x".repeat(30_000) + "\",\"token\":\"t\"}",
            "{\"id\":\"\\ud800\",\"token\":\"t\"}",
            "{\"id\":\"" + TaskId.random() + "\"}",
            "{\"id\":\"" + TaskId.random() + "\",\"token\":\"no token\"}",
            "{\"id\":\"" + TaskId.random() + "\",\"token\":null}")) {
      assertThat(extend("[" + lease(first, "") + "," + wrong + "," + lease(last, "") + "]").held())
          .as(wrong)
          .containsExactly(new HeldLease(first, "t", null), new HeldLease(last, "t", null));
    }
  }

  @Test
  void whatMakesNoSenseOfALeaseIsMendedOrLeftOut() {
    TaskId id = TaskId.random();
    var bare = new HeldLease(id, "t", null);
    String read = TaskId.random().value();
    for (String wrong :
        List.of(
            "\"progress\":1",
            "\"progress\":\"half\"",
            "\"checkpoint\":1",
            "\"checkpoint\":\"!\"",
            "\"checkpoint\":\"" + "AAAA".repeat(30_000) + "\"",
            "\"read\":[\"" + read + "\"]",
            "\"checkpoint\":\"\",\"read\":1",
            "\"note\":{\"a\":1}")) {
      assertThat(extend("[" + lease(id, "," + wrong) + "]").held()).as(wrong).containsExactly(bare);
    }
    Checkpoint left =
        extend("[" + lease(id, ",\"checkpoint\":\"\",\"read\":[\"x\",\"" + read + "\",7]") + "]")
            .held()
            .getFirst()
            .checkpoint();
    assertThat(left).isNotNull();
    assertThat(Objects.requireNonNull(left).read()).containsExactly(new TaskId(read));
  }

  @Test
  void aProgressThatCannotBeIsMended() {
    record Case(String said, Progress meant) {}
    for (Case each :
        List.of(
            new Case("{\"done\":5,\"total\":4,\"message\":\"m\"}", new Progress(5, 5, "m")),
            new Case("{\"done\":-1,\"total\":-2}", new Progress(0, 0, "")),
            new Case("{\"done\":1e300,\"total\":1}", new Progress(Long.MAX_VALUE, 1, "")),
            new Case("{\"done\":1e999,\"total\":1}", new Progress(Long.MAX_VALUE, 1, "")),
            new Case("{\"done\":\"two\",\"total\":null}", new Progress(0, 0, "")),
            new Case("{\"done\":1.5,\"total\":2}", new Progress(1, 2, "")),
            new Case("{\"total\":2,\"more\":1,\"message\":7}", new Progress(0, 2, "7")),
            new Case("{\"message\":\"\\u0000 \\ud800\"}", new Progress(0, 0, "\ufffd \ufffd")))) {
      assertThat(
              extend("[" + lease(LEASED, ",\"progress\":" + each.said()) + "]")
                  .held()
                  .getFirst()
                  .progress())
          .as(each.said())
          .isEqualTo(each.meant());
    }
  }

  @Test
  void whatMakesNoSenseBesideLeasesCostsNoLease() {
    for (String wrong :
        List.of(
            "\"figures\":[]",
            "\"figures\":{\"running\":-1}",
            "\"stopping\":1",
            "\"stopping\":true",
            "\"stopped\":true,\"figures\":{\"started_at\":\"now\"}")) {
      ExtendRequest said = extend("[" + lease(LEASED, "") + "]," + wrong);
      assertThat(said.held()).as(wrong).hasSize(1);
      assertThat(said.stopping()).as(wrong).isNull();
      assertThat(said.stopped()).as(wrong).isFalse();
      assertThatThrownBy(() -> extend("[]," + wrong)).as(wrong).isInstanceOf(InvalidInput.class);
    }
  }

  @Test
  void whatIsNotUtf8IsMended() {
    String body = "{\"worker\":\"w\",\"leases\":[" + lease(LEASED, "") + "]}";
    byte[] bytes = body.replace("\"t\"", "\"t\",\"progress\":{\"message\":\"?\"}").getBytes(UTF_8);
    bytes[new String(bytes, UTF_8).indexOf('?')] = (byte) 0xff;
    assertThat(ExtendRequest.read(bytes, LANES).held())
        .containsExactly(new HeldLease(LEASED, "t", new Progress(0, 0, "\ufffd")));
  }

  @Test
  void aTaskThatIsHeldTwiceIsAskedForTwice() {
    var other = TaskId.random();
    String body =
        "{\"worker\":\"w\",\"leases\":[%s,%s,%s]}"
            .formatted(
                lease(LEASED, ""), lease(other, ""), lease(LEASED, "").replace("\"t\"", "\"u\""));
    assertThat(ExtendRequest.read(body.getBytes(UTF_8), LANES).parts())
        .containsExactly(
            List.of(new HeldLease(LEASED, "t", null), new HeldLease(other, "t", null)),
            List.of(new HeldLease(LEASED, "u", null)));
  }

  @Test
  void theReplyToAnExtendIsReadAsItWasMeant() throws Exception {
    var reply =
        new ExtendReply(
            List.of(
                new Extension(TaskId.random(), Status.HELD),
                new Extension(TaskId.random(), Status.LOST),
                new Extension(TaskId.random(), Status.CANCELLED)),
            new LeaseTerms(Duration.ofSeconds(30), true));
    assertThat(ExtendReply.read(StrictJson.write(json -> reply.write(json, STARTED))))
        .isEqualTo(reply);
    assertThat(reply.lost())
        .containsExactlyInAnyOrder(reply.leases().get(1).id(), reply.leases().get(2).id());
  }

  @Test
  void aReplyWithWordsOfANewerServerIsUnderstoodAsFarAsItCanBe() throws Exception {
    TaskId id = TaskId.random();
    byte[] extended =
        "{\"new\":[{}],\"leases\":[{\"id\":\"%s\",\"status\":\"moved\",\"to\":1},{\"id\":\"?\"}]}"
            .formatted(id.value())
            .getBytes(UTF_8);
    assertThat(ExtendReply.read(extended).lost()).containsExactly(id);
    assertThat(ExtendReply.read(extended).terms()).isEqualTo(new LeaseTerms(Duration.ZERO, false));
    assertThat(SettleRequest.readReply("{\"status\":\"kept\"}".getBytes(UTF_8)))
        .isEqualTo(SettleReply.SETTLED);
    assertThat(LeaseReply.read("{\"new\":1,\"drain\":true}".getBytes(UTF_8), "w").terms().drain())
        .isTrue();
    assertThat(ErrorReply.read("[]".getBytes(UTF_8))).isEqualTo(new ErrorReply("", "", ""));
  }

  @Test
  void aResultGoesThroughByteForByte() throws Exception {
    byte[] result = "{\"is\": [1.10, \"ü\", null]}".getBytes(UTF_8);
    TaskId id = TaskId.random();
    var sent = new SettleTask(id, LANE, "t", new Outcome.Done(TaskOutput.json("null")));
    byte[] body =
        SettleRequest.write(
            "w", sent, (json, _, _) -> json.writeRawValue(new String(result, UTF_8)));
    var seen = new byte[1][];
    SettleTask read =
        SettleRequest.read(
            body,
            (_, bytes, _) -> {
              seen[0] = bytes;
              return TaskOutput.json("null");
            });
    assertThat(read.id()).isEqualTo(id);
    assertThat(read.token()).isEqualTo("t");
    assertThat(seen[0]).isEqualTo(result);
  }
}
