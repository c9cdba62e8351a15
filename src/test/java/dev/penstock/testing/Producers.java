package dev.penstock.testing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Clients that submit work side by side until they are told to stop. */
public final class Producers implements AutoCloseable {
  private static final int AT_A_TIME = 16;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final List<Future<?>> running = new ArrayList<>();

  /** One submission. */
  public interface Submission {
    void run() throws Exception;
  }

  public static Producers start(int count, Submission submission) {
    var producers = new Producers();
    for (int i = 0; i < count; i++) {
      producers.running.add(producers.threads.submit(() -> producers.loop(submission)));
    }
    return producers;
  }

  /** A numbered submission. */
  public interface Numbered {
    void run(int number) throws Exception;
  }

  /** Makes so many submissions, many at a time, and waits for them; fails when one of them did. */
  public static void all(int count, Numbered submission) throws Exception {
    var next = new AtomicInteger();
    List<Callable<Void>> threads =
        Collections.nCopies(
            AT_A_TIME,
            () -> {
              for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                submission.run(i);
              }
              return null;
            });
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> ended : executor.invokeAll(threads)) {
        ended.get();
      }
    }
  }

  private Void loop(Submission submission) throws Exception {
    while (!stopped.get()) {
      submission.run();
      // Paces the load, so that what it loads gets the cores; nothing waits for it.
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return null;
  }

  /** Waits for the submissions under way; fails when one of them did. */
  @Override
  public void close() throws ExecutionException {
    stopped.set(true);
    threads.close();
    for (Future<?> producer : running) {
      if (producer.state() == Future.State.FAILED) {
        throw new ExecutionException(producer.exceptionNow());
      }
    }
  }
}
