package dev.penstock.storage;

import static dev.penstock.storage.TestTasks.KEEP_COMPLETED;
import static dev.penstock.storage.TestTasks.KEEP_FAILED;
import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.bytes;
import static dev.penstock.storage.TestTasks.task;
import static dev.penstock.storage.TestTasks.taskAt;
import static dev.penstock.storage.TestTasks.taskWith;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.Ending;
import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import dev.penstock.task.Task;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import dev.penstock.task.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Lists of tasks. */
interface ListContract extends StoreRig {
  TaskFilter ALL = new TaskFilter(null, Set.of(), null, null, null);
  Lane PING = new Lane("ping", null);
  Lane OTHER_MODEL = new Lane("embedding", "another");

  default List<TaskId> listed(TaskFilter filter) {
    TaskPage page = store().list(filter, null, 100);
    assertThat(page.more()).isFalse();
    assertThat(page.cut()).isFalse();
    return page.tasks().stream().map(Task::id).toList();
  }

  default List<TaskId> containing(String text) {
    return listed(new TaskFilter(null, Set.of(), null, null, text));
  }

  /** The ids, newest first. */
  default List<TaskId> newestFirst(TaskSpec... oldestFirst) {
    return Stream.of(oldestFirst).map(TaskSpec::id).toList().reversed();
  }

  /** All pages of a list, put together. */
  default List<TaskId> pages(TaskFilter filter, int limit) {
    List<TaskId> all = new ArrayList<>();
    @Nullable TaskId after = null;
    while (true) {
      TaskPage page = store().list(filter, after, limit);
      assertThat(page.tasks()).hasSizeLessThanOrEqualTo(limit);
      page.tasks().forEach(task -> all.add(task.id()));
      if (!page.more()) {
        return all;
      }
      after = page.tasks().getLast().id();
    }
  }

  @Test
  default void tasksComeNewestFirstPageByPage() {
    assertThat(listed(ALL)).isEmpty();
    List<TaskSpec> specs = tasks(25);
    store().insert(specs);
    List<TaskId> newestFirst = newestFirst(specs.toArray(TaskSpec[]::new));

    assertThat(listed(ALL)).isEqualTo(newestFirst);
    assertThat(pages(ALL, 10)).isEqualTo(newestFirst);
    assertThat(pages(ALL, 25)).isEqualTo(newestFirst);
    assertThat(store().list(ALL, null, 24).more()).isTrue();
    assertThat(store().list(ALL, specs.getFirst().id(), 10).tasks()).isEmpty();
    assertThat(store().list(ALL, TaskId.random(), 1).tasks().getFirst().id())
        .isEqualTo(newestFirst.getFirst());
  }

  @Test
  default void listedTasksComeWithoutInputAndOutput() {
    TaskSpec spec = inserted(task());
    complete(spec);
    Task task = store().list(ALL, null, 10).tasks().getFirst();

    assertThat(task.state()).isEqualTo(TaskState.COMPLETED);
    assertThat(task.spec().input()).isEmpty();
    assertThat(task.output()).isNull();
    assertThat(task.spec().metadata()).isEqualTo(spec.metadata());
    assertThat(task.finishedAt()).isEqualTo(clock().instant());
  }

  @Test
  default void aListHasTheTasksOfTheStatesAskedFor() throws Exception {
    inserted(task(2));
    inserted(taskAt(clock().instant().plusSeconds(60)));
    inserted(task(9));
    inserted(task(PING));
    claimed();
    List<TaskSpec> completed = List.of(inserted(task()), inserted(task()));
    List<TaskSpec> failed = List.of(inserted(task()), inserted(task(PING)));
    List<TaskSpec> cancelled = List.of(inserted(task()), inserted(task()));
    claimed();
    completed.reversed().forEach(this::complete);
    failed.forEach(this::fail);
    cancelled.forEach(this::cancel);
    restart();

    List<TaskId> all = pages(ALL, 5);
    assertThat(all).hasSize(12);
    for (TaskState one : TaskState.values()) {
      for (TaskState other : TaskState.values()) {
        Set<TaskState> states = EnumSet.of(one, other);
        List<TaskId> expected =
            all.stream()
                .filter(id -> states.contains(store().find(id).orElseThrow().state()))
                .toList();
        assertThat(expected).hasSizeGreaterThanOrEqualTo(2);
        assertThat(listed(ALL.in(states))).isEqualTo(expected);
        assertThat(pages(ALL.in(states), 1)).isEqualTo(expected);
      }
    }
    assertThat(listed(ALL.in(EnumSet.allOf(TaskState.class)))).isEqualTo(all);
  }

  @Test
  default void aListHasTheTasksOfTheTypeAndModelAskedFor() {
    TaskSpec ping = inserted(task(PING));
    TaskSpec one = inserted(task(LANE));
    TaskSpec other = inserted(task(OTHER_MODEL));
    TaskSpec scheduled = inserted(taskAt(clock().instant().plusSeconds(60)));
    TaskSpec done = inserted(task(OTHER_MODEL));
    complete(done);

    assertThat(listed(lane("ping", null))).isEqualTo(newestFirst(ping));
    assertThat(listed(lane("embedding", null))).isEqualTo(newestFirst(one, other, scheduled, done));
    assertThat(listed(lane("embedding", LANE.model()))).isEqualTo(newestFirst(one, scheduled));
    assertThat(listed(lane(null, "another"))).isEqualTo(newestFirst(other, done));
    assertThat(listed(lane("embed", null))).isEmpty();
    assertThat(listed(lane("ping", "another"))).isEmpty();
    assertThat(listed(lane("embedding", "another").in(Set.of(TaskState.COMPLETED))))
        .isEqualTo(newestFirst(done));
  }

  private static TaskFilter lane(@Nullable String type, @Nullable String model) {
    return new TaskFilter(null, Set.of(), type, model, null);
  }

  @Test
  default void aListHasTheTasksOfTheOwnerAskedFor() {
    List<TaskSpec> others = tasks(300);
    store().insert(others.subList(0, 150));
    TaskSpec ready = inserted(TestTasks.of("me", task()));
    TaskSpec done = inserted(TestTasks.of("me", task()));
    complete(done);
    TaskSpec scheduled = inserted(TestTasks.of("me", taskAt(clock().instant().plusSeconds(60))));
    store().insert(others.subList(150, 300));

    assertThat(listed(TaskFilter.of("me"))).isEqualTo(newestFirst(ready, done, scheduled));
    assertThat(pages(TaskFilter.of("me"), 1)).isEqualTo(newestFirst(ready, done, scheduled));
    assertThat(pages(TaskFilter.of("owner"), 90)).hasSize(300);
    assertThat(pages(TaskFilter.of("me").in(Set.of(TaskState.PENDING)), 1))
        .isEqualTo(newestFirst(ready, scheduled));
    assertThat(listed(TaskFilter.of("me").in(Set.of(TaskState.COMPLETED))))
        .isEqualTo(newestFirst(done));
    assertThat(listed(TaskFilter.of("nobody"))).isEmpty();
  }

  @Test
  default void aTextIsFoundWhereverItStandsInATask() {
    TaskSpec input = inserted(taskWith(Map.of(), bytes("{\"input\":\"The Quick fox\"}")));
    TaskSpec metadata = inserted(taskWith(Map.of("quick", "yes"), bytes("{}")));
    TaskSpec value = inserted(taskWith(Map.of("speed", "QUICK"), bytes("{}")));
    TaskSpec failed = inserted(taskWith(Map.of(), bytes("{}")));
    fail(failed);

    assertThat(containing("quick")).isEqualTo(newestFirst(input, metadata, value));
    assertThat(containing("THREW")).isEqualTo(newestFirst(failed));
    assertThat(containing("inference_failed")).isEqualTo(newestFirst(failed));
    assertThat(containing(value.id().value().substring(20))).isEqualTo(newestFirst(value));
    assertThat(containing("nowhere")).isEmpty();
    assertThat(containing("")).hasSize(4);
  }

  @Test
  default void everyCharacterOfATextMeansItself() {
    TaskSpec percent = inserted(taskWith(Map.of("a", "100%"), bytes("{}")));
    TaskSpec underscore = inserted(taskWith(Map.of("a", "snake_case"), bytes("{}")));
    TaskSpec backslash = inserted(taskWith(Map.of("a", "C:\\temp"), bytes("{}")));
    TaskSpec quote = inserted(taskWith(Map.of("a", "say \"hi\""), bytes("{}")));
    TaskSpec beyondAscii = inserted(taskWith(Map.of("a", "Grüße 😀"), bytes("{}")));
    TaskSpec input = inserted(taskWith(Map.of(), bytes("\"Grüße, say \\\"hi\\\"\"")));
    inserted(taskWith(Map.of("a", "snakeXcase C:temp 1000 ab"), bytes("{}")));

    assertThat(containing("0%")).isEqualTo(newestFirst(percent));
    assertThat(containing("e_c")).isEqualTo(newestFirst(underscore));
    assertThat(containing("C:\\t")).isEqualTo(newestFirst(backslash));
    assertThat(containing("say \"hi")).isEqualTo(newestFirst(quote, input));
    assertThat(containing("Grüße")).isEqualTo(newestFirst(beyondAscii, input));
    assertThat(containing("😀")).isEqualTo(newestFirst(beyondAscii));
    assertThat(containing("%")).isEqualTo(newestFirst(percent));
  }

  @Test
  default void aTextOfCharactersThatNobodyCanSeeIsFoundNowhere() {
    for (String input : List.of("{\"a\":\"x\"}", "{\"a\":\"\\u0000\"}", "{\n}")) {
      store().insert(List.of(taskWith(Map.of(), bytes(input))));
    }
    for (String text :
        List.of("\0", "\0\0", "x\0", "\0x", "\"\0", "\n", "\u0001", "\u007f", "\u0085")) {
      assertThat(containing(text)).as("%s", text.codePoints().boxed().toList()).isEmpty();
    }
    assertThat(containing("\"x")).hasSize(1);
  }

  @Test
  default void aTextIsNotLookedForInLongInputs() {
    byte[] input = bytes("x".repeat(TaskStore.SEARCHED_INPUT_BYTES - 6) + "needle");
    TaskSpec longest = inserted(taskWith(Map.of(), input));
    TaskSpec tooLong = inserted(taskWith(Map.of("b", "hay"), bytes("needle" + "x".repeat(65_536))));

    assertThat(containing("needle")).isEqualTo(newestFirst(longest));
    assertThat(containing("hay")).isEqualTo(newestFirst(tooLong));
  }

  @Test
  default void aTextIsLookedForInTheTasksThatMatchTheRest() {
    TaskSpec mine = inserted(TestTasks.of("me", taskWith(Map.of("a", "needle"), bytes("{}"))));
    TaskSpec done = inserted(TestTasks.of("me", taskWith(Map.of("a", "needle"), bytes("{}"))));
    complete(done);
    inserted(taskWith(Map.of("a", "needle"), bytes("{}")));
    TaskFilter filter = new TaskFilter("me", Set.of(), "embedding", LANE.model(), "needle");

    assertThat(listed(filter)).isEqualTo(newestFirst(mine, done));
    assertThat(pages(filter, 1)).isEqualTo(newestFirst(mine, done));
    assertThat(listed(filter.in(Set.of(TaskState.PENDING)))).isEqualTo(newestFirst(mine));
  }

  @Test
  default void aTextIsLookedForInTheNewestTasksOnlyAndThePageSaysSo() {
    TaskSpec old = inserted(taskWith(Map.of("a", "needle"), bytes("{}")));
    List<TaskSpec> specs = tasks(TaskStore.SEARCHED - 1);
    for (int i = 0; i < specs.size(); i += 1_000) {
      store().insert(specs.subList(i, Math.min(specs.size(), i + 1_000)));
    }
    assertThat(containing("needle")).containsExactly(old.id());
    inserted(task());
    TaskFilter filter = new TaskFilter(null, Set.of(), null, null, "needle");

    TaskPage page = store().list(filter, null, 10);
    assertThat(page.tasks()).isEmpty();
    assertThat(page.more()).isFalse();
    assertThat(page.cut()).isTrue();
    TaskFilter everywhere = new TaskFilter(null, Set.of(), null, null, "test");
    assertThat(store().list(everywhere, null, 10).more()).isTrue();
    assertThat(store().list(everywhere, null, 10).cut()).isFalse();

    // What is named by its whole id is found all the same, where it stands.
    TaskFilter named = new TaskFilter("owner", Set.of(), null, null, old.id().value());
    assertThat(shownOn(store().list(named, null, 10))).containsExactly(old.id());
    TaskFilter shouted =
        new TaskFilter(null, Set.of(), null, null, old.id().value().toUpperCase(Locale.ROOT));
    assertThat(shownOn(store().list(shouted, null, 10))).containsExactly(old.id());
    assertThat(shownOn(store().list(named.in(Set.of(TaskState.FAILED)), null, 10))).isEmpty();
    assertThat(shownOn(store().list(named, old.id(), 10))).isEmpty();
    TaskFilter others = new TaskFilter("me", Set.of(), null, null, old.id().value());
    assertThat(shownOn(store().list(others, null, 10))).isEmpty();
  }

  default List<TaskId> shownOn(TaskPage page) {
    return page.tasks().stream().map(Task::id).toList();
  }

  @Test
  default void aTextThatIsAnIdFindsTheTaskOnceAndWhatSpeaksOfIt() {
    TaskSpec task = inserted(task());
    TaskSpec speaks = inserted(taskWith(Map.of("of", task.id().value()), bytes("{}")));
    inserted(task());

    assertThat(containing(task.id().value())).isEqualTo(newestFirst(task, speaks));
    assertThat(pages(new TaskFilter(null, Set.of(), null, null, task.id().value()), 1))
        .isEqualTo(newestFirst(task, speaks));
  }

  @Test
  default void aListGoesOnFromThePlaceOfATaskThatHasExpired() throws Exception {
    List<TaskSpec> specs = tasks(6);
    specs.forEach(this::inserted);
    List<TaskId> newestFirst = newestFirst(specs.toArray(TaskSpec[]::new));
    TaskPage page = store().list(ALL, null, 2);
    assertThat(shownOn(page)).isEqualTo(newestFirst.subList(0, 2));
    complete(specs.get(4));
    complete(specs.get(2));
    clock().advance(KEEP_COMPLETED);
    assertThat(store().deleteExpired(10)).isEqualTo(2);

    for (int opened = 0; opened < 2; opened++) {
      assertThat(shownOn(store().list(ALL, specs.get(4).id(), 10)))
          .containsExactly(specs.get(3).id(), specs.get(1).id(), specs.get(0).id());
      assertThat(shownOn(store().list(TaskFilter.of("owner"), specs.get(4).id(), 1)))
          .containsExactly(specs.get(3).id());
      assertThat(shownOn(store().list(ALL, specs.get(2).id(), 10)))
          .containsExactly(specs.get(1).id(), specs.get(0).id());
      restart(); // From here on nobody remembers where they stood.
    }
    assertThat(shownOn(store().list(ALL, new TaskId("0".repeat(36)), 10))).isEmpty();
  }

  @Test
  default void anOwnersListsAreThoseOfAllWithoutWhatOthersHave() throws Exception {
    List<TaskSpec> many = new ArrayList<>();
    for (int i = 0; i < 1_600; i++) {
      many.add(TestTasks.of("many", task(LANE)));
    }
    store().insert(many);
    List<Lane> lanes = List.of(LANE, PING, OTHER_MODEL);
    List<TaskSpec> few = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      TaskSpec spec =
          i % 7 == 0
              ? taskAt(clock().instant().plusSeconds(60))
              : task(lanes.get(i % 3), new Priority(i % 11), bytes("{}"));
      few.add(inserted(TestTasks.of(List.of("a", "a b", "b").get(i % 5 % 3), spec)));
    }
    assertOwnersLists();
    for (int i = 0; i < few.size(); i++) {
      TaskSpec spec = few.get(i);
      if (get(spec).spec().runAt() != null) {
        continue;
      }
      switch (i % 6) {
        case 0 -> claim(spec);
        case 1 -> complete(spec);
        case 2 -> fail(spec);
        case 3 -> cancel(spec);
        case 4 -> {
          settle(claim(spec), new Ending.Backoff(ERROR, Duration.ofSeconds(i)));
        }
        default -> {
          fail(spec);
          retry(spec);
        }
      }
    }
    assertOwnersLists();
    clock().advance(Duration.ofMinutes(2));
    store().promoteDue(1_000);
    reclaim();
    assertOwnersLists();
    clock().advance(KEEP_FAILED);
    store().deleteExpired(10_000);
    assertOwnersLists();
  }

  /** Against the list of everybody's tasks, which needs no list by owner. */
  private void assertOwnersLists() {
    List<Task> all = new ArrayList<>();
    for (TaskId id : pages(ALL, 100)) {
      all.add(store().find(id).orElseThrow());
    }
    Set<TaskState> live = EnumSet.of(TaskState.PENDING, TaskState.PROCESSING);
    Set<TaskState> ended = EnumSet.of(TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED);
    for (String owner : List.of("a", "a b", "b", "nobody")) {
      for (TaskFilter lane : List.of(ALL, lane("embedding", null), lane("ping", null))) {
        for (Set<TaskState> states :
            List.of(Set.<TaskState>of(), live, ended, Set.of(TaskState.PROCESSING))) {
          var filter = new TaskFilter(owner, states, lane.type(), lane.model(), null);
          List<TaskId> expected = all.stream().filter(filter::means).map(Task::id).toList();
          assertThat(listed(filter)).as("%s", filter).isEqualTo(expected);
          assertThat(pages(filter, 7)).as("%s", filter).isEqualTo(expected);
        }
      }
    }
    for (Set<TaskState> states : List.of(live, ended, Set.of(TaskState.PENDING))) {
      TaskFilter filter = ALL.in(states);
      assertThat(pages(filter, 100))
          .isEqualTo(all.stream().filter(filter::means).map(Task::id).toList());
    }
  }
}
