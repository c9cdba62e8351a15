package dev.penstock.types.ping;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.task.ChildTask;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.EndedChildren.Child;
import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.Task;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import dev.penstock.worker.TestTasks;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A ping's runs one after the other, with children that end in between, each seventh badly. */
final class ChildPingsTest {
  private final ChildProcesses processes = new ChildProcesses("dev.penstock.Main", _ -> {});
  private final PingHandler ping = new PingHandler("worker-1", false, new PingApart(processes));
  private final Family family = new Family();

  @AfterEach
  void end() {
    processes.close();
  }

  /** What the store and the dispatcher do for a parent. */
  private static final class Family implements TaskHandler.Control {
    private final Map<TaskId, String> open = new LinkedHashMap<>();
    private final TreeMap<String, Child> unread = new TreeMap<>();
    private final Set<String> keys = new HashSet<>();
    private final List<Progress> reports = new ArrayList<>();
    private byte @Nullable [] kept;
    private byte @Nullable [] said;
    private List<TaskId> read = List.of();
    private String after = "";
    private int mostOpen;
    private int runs;

    void begin() {
      runs++;
      after = "";
      said = null;
      read = new ArrayList<>();
    }

    void settled(Task parent, Outcome.Await await) {
      kept = await.checkpoint();
      forget();
      for (ChildTask child : await.children()) {
        assertThat(keys.add(child.key())).isTrue();
        open.put(TaskId.child(parent.id(), child.key()), child.key());
      }
      mostOpen = Math.max(mostOpen, open.size());
      assertThat(open.size() <= await.wakeAt() && await.children().isEmpty() && unread.isEmpty())
          .as("it would be run again and again")
          .isFalse();
      while (open.size() > await.wakeAt()) {
        end();
      }
    }

    /** The node died: what the run said is kept or not, all of it. */
    void died(boolean told) {
      if (told && said != null) {
        kept = said;
        forget();
      }
    }

    private void forget() {
      read.forEach(id -> unread.remove(id.value()));
    }

    void end() {
      Iterator<Map.Entry<TaskId, String>> first = open.entrySet().iterator();
      if (first.hasNext()) {
        var child = first.next();
        boolean bad = Integer.parseInt(child.getValue()) % 7 == 0;
        TaskState state = bad ? TaskState.FAILED : TaskState.COMPLETED;
        unread.put(
            child.getKey().value(), new Child(child.getKey(), child.getValue(), state, null, null));
        first.remove();
      }
    }

    @Override
    public void progress(Progress progress) {
      reports.add(progress);
    }

    @Override
    public void checkpoint(byte[] state, Collection<TaskId> children) {
      said = state;
      read.addAll(children);
    }

    @Override
    public byte @Nullable [] checkpoint() {
      return kept;
    }

    /** Pages of at most 7, and one more child ends with each. */
    @Override
    public EndedChildren children(int limit) {
      var rest = unread.tailMap(after, false);
      List<Child> page = rest.values().stream().limit(7).toList();
      boolean more = rest.size() > page.size();
      if (!page.isEmpty()) {
        after = page.getLast().id().value();
      }
      end();
      return new EndedChildren(page, more, open.size());
    }
  }

  private String result(int children, int window, int dieEvery) throws Exception {
    String input = "{\"children\":%d,\"window\":%d,\"sleep_ms\":5}".formatted(children, window);
    Task parent = TestTasks.task(new Lane("ping", null), input, 0);
    while (true) {
      family.begin();
      Outcome outcome = ping.run(parent, family);
      if (dieEvery > 0 && family.runs % dieEvery == 0) {
        family.died(family.runs % (2 * dieEvery) == 0);
        continue;
      }
      switch (outcome) {
        case Outcome.Await await -> {
          assertThat(await.children().size()).isLessThanOrEqualTo(Outcome.Await.MOST_CHILDREN);
          family.settled(parent, await);
        }
        case Outcome.Done(var output) -> {
          return new String(output.bytes(), StandardCharsets.UTF_8);
        }
        default -> throw new AssertionError(outcome);
      }
    }
  }

  @Test
  void allAreMadeAndCountedWithinTheWindow() throws Exception {
    assertThat(result(500, 16, 0)).contains("\"children\":{\"completed\":429,\"failed\":71}");
    assertThat(family.keys).hasSize(500);
    assertThat(family.mostOpen).isLessThanOrEqualTo(16);
    assertThat(family.reports.getLast()).isEqualTo(new Progress(500, 500, "children ended"));
  }

  @Test
  void aWindowOfOneRunsThemOneAfterTheOther() throws Exception {
    assertThat(result(5, 1, 0)).contains("\"completed\":5");
    assertThat(family.mostOpen).isEqualTo(1);
  }

  @Test
  void aWideWindowIsFilledInSeveralAwaits() throws Exception {
    assertThat(result(3_000, 1_024, 0)).contains("\"completed\":2572,\"failed\":428");
    assertThat(family.mostOpen).isBetween(512, 1_024);
  }

  @Test
  void runsThatAreLostCountNothingTwiceAndMissNothing() throws Exception {
    assertThat(result(500, 16, 3)).contains("\"children\":{\"completed\":429,\"failed\":71}");
    assertThat(family.keys).hasSize(500);
  }

  @Test
  void eachChildIsAPingThatSleepsAsAsked() throws Exception {
    Task parent =
        TestTasks.task(
            new Lane("ping", null), "{\"children\":2,\"sleep_ms\":5,\"fail_times\":1}", 0);
    family.begin();
    Outcome.Await await = (Outcome.Await) ping.run(parent, family);
    assertThat(await.wakeAt()).isZero();
    assertThat(await.children())
        .extracting(child -> new String(child.input(), StandardCharsets.UTF_8))
        .containsExactly(
            "{\"n\":1,\"sleep_ms\":5,\"fail_times\":1}",
            "{\"n\":2,\"sleep_ms\":5,\"fail_times\":1}");
    assertThat(await.children()).allMatch(child -> child.lane().equals(new Lane("ping", null)));
  }
}
