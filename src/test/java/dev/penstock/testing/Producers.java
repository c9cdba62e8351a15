package dev.penstock.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Clients that submit work side by side until they are told to stop. */
public final class Producers implements AutoCloseable {
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

  private Void loop(Submission submission) throws Exception {
    while (!stopped.get()) {
      submission.run();
      TimeUnit.MILLISECONDS.sleep(5); // paces the load; nothing waits for it
    }
    return null;
  }

  /** Waits for the submissions under way; fails when one of them did. */
  @Override
  public void close() throws InterruptedException, ExecutionException {
    stopped.set(true);
    for (Future<?> producer : running) {
      producer.get();
    }
    threads.close();
  }
}
