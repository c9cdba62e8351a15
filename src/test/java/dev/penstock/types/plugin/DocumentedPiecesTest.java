package dev.penstock.types.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.task.Lane;
import dev.penstock.task.Outcome;
import dev.penstock.task.Progress;
import dev.penstock.task.TaskHandler;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskOutput;
import dev.penstock.testing.PluginJar;
import dev.penstock.worker.TestTasks;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of docs/plugins.md that emits pieces, compiled and run as it stands there. */
final class DocumentedPiecesTest {
  @TempDir Path folder;
  @TempDir Path work;

  private static String example() throws Exception {
    String docs = Files.readString(Path.of("docs/plugins.md"));
    int from = docs.indexOf("```java\n", docs.indexOf("\n## Pieces\n")) + "```java\n".length();
    return docs.substring(from, docs.indexOf("```", from));
  }

  /** Hears what a run says, and ends it after so many pieces. */
  private static final class Listening implements TaskHandler.Control {
    private final List<String> pieces;
    private final int most;
    private byte @Nullable [] checkpoint;

    Listening(List<String> pieces, byte @Nullable [] checkpoint, int most) {
      this.pieces = pieces;
      this.checkpoint = checkpoint;
      this.most = most;
    }

    @Override
    public void progress(Progress progress) {}

    @Override
    public void emit(@Nullable Object piece) {
      if (pieces.size() == most) {
        throw new IllegalStateException("killed");
      }
      pieces.add(new String(TaskOutput.of(piece).bytes(), StandardCharsets.UTF_8));
    }

    @Override
    public void emitFrom(long offset) {
      assertThat(offset).isEqualTo(pieces.size());
    }

    @Override
    public List<TaskOutput> heard(long offset) {
      return pieces.stream().skip(offset).map(TaskOutput::json).toList();
    }

    @Override
    public void checkpoint(byte[] state, Collection<TaskId> read) {
      checkpoint = state;
    }

    @Override
    public byte @Nullable [] checkpoint() {
      return checkpoint;
    }
  }

  @Test
  void aStoryThatWasInterruptedGoesOnWhereItsListenersAre() throws Exception {
    PluginJar.build(work, Map.of("Story", example()), folder.resolve("story.jar"));
    try (Plugins plugins = Plugins.load(folder, Set.of())) {
      assertThat(plugins.handlers()).as("%s", plugins.parts()).hasSize(1);
      TaskHandler story = plugins.handlers().getFirst();
      var task = TestTasks.task(new Lane("story", null), "{}", 0);
      List<String> heard = new ArrayList<>();
      var first = new Listening(heard, null, 8);
      try {
        story.run(task, first);
      } catch (IllegalStateException e) {
        assertThat(e).hasMessage("killed");
      }
      assertThat(heard).hasSize(8);
      var outcome = story.run(task, new Listening(heard, first.checkpoint(), 100));
      String text = String.join("", heard).replace("\"\"", "");
      assertThat(heard).hasSize(20);
      assertThat(outcome)
          .isInstanceOfSatisfying(
              Outcome.Done.class,
              done ->
                  assertThat(new String(done.output().bytes(), StandardCharsets.UTF_8))
                      .isEqualTo(text));
    }
  }
}
