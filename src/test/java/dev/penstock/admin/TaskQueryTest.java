package dev.penstock.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.core.TaskFilter;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskState;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TaskQueryTest {
  private static TaskQuery query(String encoded) {
    return switch (TaskQuery.of(Form.of(encoded), TaskQuery.LIST)) {
      case TaskQuery.Asked.Tasks(var query) -> query;
      case TaskQuery.Asked.Unclear(var why) -> throw new AssertionError(why);
    };
  }

  @Test
  void aQueryBecomesAFilter() {
    assertThat(query("state=failed&lane=embedding.a.b&text=x%20y").filter())
        .isEqualTo(new TaskFilter(null, Set.of(TaskState.FAILED), "embedding", "a.b", "x y"));
    assertThat(query("lane=embedding").filter())
        .isEqualTo(new TaskFilter(null, Set.of(), "embedding", null, null));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "&&=&", "state=&lane=&text=", "cancelled=3"})
  void anEmptyFilterFiltersNothing(String encoded) {
    assertThat(query(encoded).filter()).isEqualTo(new TaskFilter(null, Set.of(), null, null, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status=failed",
        "state=bogus",
        "state=Failed",
        "state=&state=failed",
        "lane=.x",
        "parent=no",
        "after=no",
        "trail=a.b",
        "%"
      })
  void whatIsNotUnderstoodIsRefusedRatherThanLeftOut(String encoded) {
    assertThat(TaskQuery.of(Form.of(encoded), TaskQuery.LIST))
        .isInstanceOf(TaskQuery.Asked.Unclear.class);
  }

  @Test
  void aTextThatIsTooLongIsRefusedRatherThanCut() {
    assertThat(TaskQuery.of(Form.of("text=" + "x".repeat(201)), TaskQuery.LIST))
        .isInstanceOf(TaskQuery.Asked.Unclear.class);
  }

  @Test
  void manyTasksAreNotChangedByThePageOfAList() {
    assertThat(TaskQuery.of(Form.of("after=" + TaskId.random()), TaskQuery.FILTER))
        .isInstanceOf(TaskQuery.Asked.Unclear.class);
  }

  @Test
  void itsPathLeadsToItself() {
    var query = query("state=pending&lane=a.b&text=%26%3C%22+").older(TaskId.random());
    assertThat(query(query.encoded())).isEqualTo(query);
  }

  @Test
  void theChildrenOfATaskAreAFilterThatStays() {
    TaskId parent = TaskId.random();
    TaskQuery query = query("state=failed&parent=" + parent);
    assertThat(query.filter().parent()).isEqualTo(parent);
    assertThat(query.everything()).isFalse();
    assertThat(query.words()).isEqualTo("failed tasks made by task " + parent);
    assertThat(query(query.older(TaskId.random()).encoded()).parent()).isEqualTo(parent);
    assertThat(TaskQuery.childrenOf(parent).path()).endsWith("?parent=" + parent);
  }

  @Test
  void onePagesOnAndBack() {
    TaskId first = TaskId.random();
    TaskId second = TaskId.random();
    var start = query("state=failed");
    var third = start.older(first).older(second);
    assertThat(third.after()).isEqualTo(second);
    assertThat(third.newer()).isEqualTo(start.older(first));
    assertThat(third.newer().newer()).isEqualTo(start);
  }

  @Test
  void theWayBackIsNotEndless() {
    var query = query("");
    for (int i = 0; i < 500; i++) {
      query = query.older(TaskId.random());
    }
    assertThat(query.path()).hasSizeLessThan(4_000);
  }

  @Test
  void cancellingLeavesOutWhatHasEnded() {
    Set<TaskState> live = EnumSet.of(TaskState.PENDING, TaskState.PROCESSING);
    assertThat(query("").filter(live).orElseThrow().states()).isEqualTo(live);
    assertThat(query("state=pending").filter(live).orElseThrow().states())
        .containsExactly(TaskState.PENDING);
    assertThat(query("state=failed").filter(live)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://evil.test/", "//evil.test", "/\\evil.test", "", "x", "/a\nb", "/ä"})
  void theLoginLeadsNowhereElse(String next) {
    assertThat(LoginPage.local(next)).isEqualTo("/");
  }

  @Test
  void theLoginLeadsBack() {
    assertThat(LoginPage.local("/dashboard/tasks?state=failed"))
        .isEqualTo("/dashboard/tasks?state=failed");
  }
}
