package dev.penstock.fuzz;

import dev.penstock.core.TaskFilter;
import dev.penstock.core.TaskPage;
import dev.penstock.storage.Storage;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TestTasks;
import dev.penstock.storage.sqlite.SqliteDatabase;
import dev.penstock.task.TaskId;
import dev.penstock.task.TaskSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A store: a task whose metadata has the text is found by it, and the whole of it comes back. */
final class FilterTarget implements Target {
  private static final int LONGEST = 200;
  private static final int PAGE = 20;

  private final Path folder = Scratch.folder();
  private final Storage storage =
      Storage.in(SqliteDatabase.open(folder.resolve("penstock.db")), InstantSource.system());

  FilterTarget() throws Exception {}

  @Override
  public void read(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8).replace('\0', ' ');
    TaskSpec spec = TestTasks.taskWith(Map.of("note", text), TestTasks.bytes("{}"));
    TaskStore store = storage.tasks();
    store.insert(List.of(spec));
    var filter = new TaskFilter(null, Set.of(), null, null, asked(text));
    TaskPage page = store.list(filter, null, PAGE);
    List<TaskId> found = page.tasks().stream().map(task -> task.id()).toList();
    promise(found.contains(spec.id()) != filter.meansNone(), "found: " + found);
    promise(
        store.find(spec.id()).orElseThrow().spec().metadata().equals(spec.metadata()),
        "the metadata came back otherwise");
    store.cancel(List.of(spec.id()));
    store.delete(List.of(spec.id()));
  }

  /** As much as may be asked for, whole characters. */
  private static String asked(String text) {
    if (text.length() <= LONGEST) {
      return text;
    }
    boolean half = Character.isHighSurrogate(text.charAt(LONGEST - 1));
    return text.substring(0, half ? LONGEST - 1 : LONGEST);
  }

  private static void promise(boolean kept, String otherwise) {
    if (!kept) {
      throw new AssertionError(otherwise);
    }
  }

  @Override
  public void close() throws IOException {
    storage.close();
    Scratch.delete(folder);
  }
}
