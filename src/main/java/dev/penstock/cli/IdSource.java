package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ids to wait for, some of which may be still to come. A thread reads ahead of who takes them, at
 * most {@value #AHEAD} ids; the pipe behind it waits then.
 */
final class IdSource implements AutoCloseable {
  private static final int AHEAD = 1_000;

  private final BlockingQueue<Item> items = new ArrayBlockingQueue<>(AHEAD);
  private final Thread reader;
  private boolean ended;
  private boolean refused;

  private IdSource(List<String> first, @Nullable InputStream more) {
    reader = Thread.ofPlatform().daemon().name("ids").unstarted(() -> read(first, more));
    reader.start();
  }

  static IdSource of(List<String> ids) {
    return new IdSource(ids, null);
  }

  static IdSource of(List<String> ids, InputStream more) {
    return new IdSource(ids, more);
  }

  private sealed interface Item {
    record Id(String id) implements Item {}

    /** The line of a task that was refused when it was submitted. */
    record Refused() implements Item {}

    record End(@Nullable Failure failure) implements Item {}
  }

  /** The next id, waited for so long; empty: none came, or none will. */
  Optional<String> next(Duration limit) throws Failure, InterruptedException {
    Deadline deadline = Deadline.in(limit);
    while (!ended) {
      switch (items.poll(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) {
        case null -> {
          return Optional.empty();
        }
        case Item.Id(var id) -> {
          return Optional.of(id);
        }
        case Item.Refused() -> refused = true;
        case Item.End(var failure) -> {
          ended = true;
          if (failure != null) {
            throw failure;
          }
        }
      }
    }
    return Optional.empty();
  }

  boolean ended() {
    return ended;
  }

  /** Whether a line told of a refused task instead of an id. */
  boolean refused() {
    return refused;
  }

  private void read(List<String> first, @Nullable InputStream more) {
    try {
      Failure failure = null;
      try {
        for (String id : first) {
          items.put(new Item.Id(id));
        }
        if (more != null) {
          readLines(new LineReader(more, "standard input"));
        }
      } catch (Failure e) {
        failure = e;
      }
      items.put(new Item.End(failure));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody takes ids any more
    }
  }

  private void readLines(LineReader lines) throws Failure, InterruptedException {
    for (String line = lines.next(); line != null; line = lines.next()) {
      String text = line.strip();
      if (text.startsWith("{")) {
        JsonNode json = JsonLines.parse(text).orElseGet(JsonLines::object);
        text = Tasks.id(json);
        if (text.isEmpty() && json.has("error")) {
          items.put(new Item.Refused());
          continue;
        }
      } else if (text.isEmpty()) {
        continue;
      }
      if (!Ids.possible(text)) {
        throw Failure.refused(lines.at() + " is neither a task's id nor a JSON object with one");
      }
      items.put(new Item.Id(text));
    }
  }

  @Override
  public void close() {
    reader.interrupt();
  }
}
