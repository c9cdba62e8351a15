package dev.penstock.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Looks at tasks, a few at a time. */
final class Lookups implements AutoCloseable {
  private static final int AT_A_TIME = 8;

  private final Client client;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(AT_A_TIME, Thread.ofVirtual().name("look-up ", 0).factory());

  Lookups(Client client) {
    this.client = client;
  }

  /** What the server knows of an id. */
  sealed interface Found {
    String id();

    record Running(String id) implements Found {}

    record Ended(String id, JsonNode task) implements Found {}

    /** Not known, or not ours, or expired. */
    record Refused(String id, String why) implements Found {}
  }

  /** In the order of the ids. */
  List<Found> all(List<String> ids, Deadline limit) throws Failure, InterruptedException {
    List<Callable<Found>> asked = new ArrayList<>();
    for (String id : ids) {
      asked.add(() -> one(id, limit));
    }
    List<Found> found = new ArrayList<>();
    for (Future<Found> future : threads.invokeAll(asked)) {
      try {
        found.add(future.get());
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Failure failure) {
          throw failure;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
    return found;
  }

  private Found one(String id, Deadline limit) throws Failure, InterruptedException {
    Answer answer = client.get(Ids.path(id), limit);
    if (answer.good()) {
      return Tasks.ended(answer.body())
          ? new Found.Ended(id, answer.body())
          : new Found.Running(id);
    }
    if (answer.status() == Answer.NOT_FOUND) {
      return new Found.Refused(id, answer.message());
    }
    throw Failure.refused(answer.message()); // the key: it holds for all of them
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
