package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.task.Priority;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** In which order a full queue of several owners comes. */
interface TurnsContract {
  Duration LONG = Duration.ofSeconds(60);

  TaskQueueContract.Rig rig();

  private static List<TaskSpec> of(String owner, int priority, int n) {
    List<TaskSpec> specs = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      specs.add(TestTasks.of(owner, task(priority)));
    }
    return specs;
  }

  /** Receives one message for now, so that the queue knows who may have work. */
  private void warmUp(String... owners) throws Exception {
    for (String owner : owners) {
      TaskSpec first = TestTasks.of(owner, task(10));
      rig().submit(first);
      List<Delivery> received = rig().queue().receive(LANE, room(1), LONG);
      assertThat(received).extracting(Delivery::id).containsExactly(first.id());
      rig().store().cancel(List.of(first.id()));
      rig().queue().ack(received);
    }
  }

  private static Room room(int tasks) {
    return new Room(tasks, Long.MAX_VALUE, Priority.LOWEST);
  }

  /**
   * Submits tasks and has all of them received and given back. What a broker has yet to hand over
   * has no turns, and it may hand one owner's over after the other's have begun; these are here.
   */
  private void submitAndAwait(List<List<TaskSpec>> submitted) throws Exception {
    submitted.forEach(rig()::submit);
    int n = submitted.stream().mapToInt(List::size).sum();
    List<Delivery> here = new ArrayList<>();
    while (here.size() < n) {
      List<Delivery> some = rig().queue().receive(LANE, room(n - here.size()), LONG);
      assertThat(some).as("after %d of %d", here.size(), n).isNotEmpty();
      here.addAll(some);
    }
    rig().queue().release(here);
  }

  /** Works so many tasks off, up to {@code atOnce} in flight, and says whose they were. */
  private List<String> workOff(int n, int atOnce, List<List<TaskSpec>> submitted) throws Exception {
    Map<TaskId, String> owners = new HashMap<>();
    submitted.forEach(specs -> specs.forEach(spec -> owners.put(spec.id(), spec.owner())));
    List<String> order = new ArrayList<>();
    while (order.size() < n) {
      List<Delivery> some =
          rig().queue().receive(LANE, room(Math.min(atOnce, n - order.size())), LONG);
      assertThat(some).as("after %d of %d", order.size(), n).isNotEmpty();
      some.forEach(delivery -> order.add(owners.getOrDefault(delivery.id(), "nobody")));
      rig().store().cancel(some.stream().map(Delivery::id).toList());
      rig().queue().ack(some);
    }
    return order;
  }

  private static long count(List<String> order, String owner) {
    return order.stream().filter(owner::equals).count();
  }

  @Test
  default void twoOwnersWithUnequalBacklogsGetEqualTurns() throws Exception {
    warmUp("big", "small");
    List<List<TaskSpec>> both = List.of(of("big", 5, 1_000), of("small", 5, 50));
    submitAndAwait(both);

    List<String> order = workOff(120, 10, both);
    assertThat(count(order.subList(0, 60), "small")).isEqualTo(30);
    assertThat(count(order.subList(0, 100), "small")).as("all of them are done").isEqualTo(50);
  }

  @Test
  default void whoServesFewOwnersGetsTheirTasksFromBetweenOthersAndHoldsUpNobody()
      throws Exception {
    warmUp("big", "small", "third");
    List<List<TaskSpec>> all = List.of(of("big", 5, 50), of("small", 3, 5), of("third", 7, 5));
    submitAndAwait(all);

    List<Delivery> theirs = new ArrayList<>();
    while (theirs.size() < 5) {
      List<Delivery> some = rig().queue().receive(LANE, room(20).of(Set.of("small", "none")), LONG);
      assertThat(some).isNotEmpty();
      theirs.addAll(some);
    }
    assertThat(theirs)
        .extracting(Delivery::id)
        .containsExactlyElementsOf(all.get(1).stream().map(TaskSpec::id).toList());
    assertThat(rig().queue().receive(LANE, room(20).of(Set.of("none")), Duration.ofMillis(300)))
        .isEmpty();
    assertThat(count(workOff(55, 10, all), "third")).isEqualTo(5);
  }

  @Test
  default void whoServesFewOwnersHearsOfTheirTasksAndLeavesTheRingToOthers() throws Exception {
    warmUp("big", "small");
    List<TaskSpec> big = of("big", 5, 1);
    List<TaskSpec> small = of("small", 5, 1);
    var bound =
        new FutureTask<>(() -> rig().queue().receive(LANE, room(5).of(Set.of("small")), LONG));
    var anybodys = new FutureTask<>(() -> rig().queue().receive(LANE, room(5), LONG));
    Thread.ofVirtual().start(bound);
    Thread.ofVirtual().start(anybodys);
    rig().submit(big);
    assertThat(anybodys.get()).extracting(Delivery::id).containsExactly(big.getFirst().id());
    assertThat(bound.isDone()).isFalse();
    rig().submit(small);
    assertThat(bound.get()).extracting(Delivery::id).containsExactly(small.getFirst().id());
  }

  @Test
  default void receivesOfOneTaskTakeTurnsToo() throws Exception {
    warmUp("big", "small");
    List<List<TaskSpec>> both = List.of(of("big", 5, 200), of("small", 5, 20));
    submitAndAwait(both);

    assertThat(count(workOff(30, 1, both), "small")).isEqualTo(15);
  }

  @Test
  default void threeOwnersTakeTurns() throws Exception {
    warmUp("a", "b", "default");
    List<List<TaskSpec>> all = List.of(of("a", 3, 300), of("b", 3, 200), of("default", 3, 100));
    submitAndAwait(all);

    List<String> order = workOff(90, 6, all);
    for (String owner : List.of("a", "b", "default")) {
      assertThat(count(order, owner)).as(owner).isEqualTo(30);
    }
  }

  @Test
  default void anOwnerAloneGetsEverythingInItsOrder() throws Exception {
    warmUp("other");
    List<TaskSpec> alone = of("alone", 5, 500);
    rig().submit(alone);

    List<TaskId> received = new ArrayList<>();
    while (received.size() < 500) {
      List<Delivery> some = rig().queue().receive(LANE, room(500 - received.size()), LONG);
      assertThat(some).isNotEmpty();
      some.forEach(delivery -> received.add(delivery.id()));
    }
    assertThat(received).isEqualTo(alone.stream().map(TaskSpec::id).toList());
  }

  @Test
  default void aMoreUrgentTaskOfAnyOwnerGoesBeforeLessUrgentOnesOfAll() throws Exception {
    warmUp("big", "small");
    List<TaskSpec> idle = of("big", 0, 500);
    List<TaskSpec> idleToo = of("small", 0, 500);
    List<TaskSpec> urgent = of("small", 10, 5);
    List<TaskSpec> urgentToo = of("big", 10, 5);
    rig().submit(idle);
    rig().submit(idleToo);
    workOff(20, 10, List.of(idle, idleToo));
    rig().submit(urgent);
    rig().submit(urgentToo);

    // A broker may take a moment to hand the urgent ones over.
    Room mostUrgent = new Room(10, Long.MAX_VALUE, new Priority(10));
    List<TaskId> received = new ArrayList<>();
    while (received.size() < 10) {
      List<Delivery> some = rig().queue().receive(LANE, mostUrgent, LONG);
      assertThat(some).as("after %d", received.size()).isNotEmpty();
      some.forEach(delivery -> received.add(delivery.id()));
    }
    assertThat(received)
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(urgent.stream(), urgentToo.stream()).map(TaskSpec::id).toList());
  }
}
