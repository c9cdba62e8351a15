package dev.penstock.bench.bare;

import ai.onnxruntime.OrtException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One way of getting the most out of the bare model: how texts are put together in runs, how many
 * runs go side by side, how many threads each has. Texts are known all at once, which no server can
 * have.
 *
 * @param callers threads that tokenise and run
 * @param threads threads ONNX Runtime spreads one run over
 * @param maxTexts texts in a run at most
 * @param maxTokens padded tokens in a run at most, unless one text alone has more
 */
public record BareSetting(String name, int callers, int threads, int maxTexts, int maxTokens) {

  /** What is tried, and the best taken. */
  static List<BareSetting> all(int cores) {
    int any = Integer.MAX_VALUE;
    return List.of(
        new BareSetting("one text a run, " + cores + " callers", cores, 1, 1, any),
        new BareSetting(
            "sorted, 512 padded tokens a run, " + cores + " callers", cores, 1, any, 512),
        new BareSetting("sorted, 8 a run, " + cores + " callers", cores, 1, 8, any),
        new BareSetting("sorted, 32 a run, " + cores + " callers", cores, 1, 32, any),
        new BareSetting("one text a run, 1 caller, " + cores + " threads a run", 1, cores, 1, any));
  }

  /** Embeds all texts; returns the nanoseconds it took, tokenising included. */
  long run(BareModel model, List<String> texts) throws InterruptedException, ExecutionException {
    try (ExecutorService pool = Executors.newFixedThreadPool(callers)) {
      long start = System.nanoTime();
      if (maxTexts == 1) {
        each(pool, texts, text -> model.run(List.of(model.tokenise(text))));
      } else {
        long[][] tokens = new long[texts.size()][];
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < tokens.length; i++) {
          places.add(i);
        }
        each(pool, places, place -> tokens[place] = model.tokenise(texts.get(place)));
        each(pool, batches(tokens), model::run);
      }
      return System.nanoTime() - start;
    }
  }

  /** The longest first: what is left at the end is small, and the callers finish together. */
  private List<List<long[]>> batches(long[][] tokens) {
    List<long[]> sorted = new ArrayList<>(List.of(tokens));
    sorted.sort(Comparator.comparingInt((long[] ids) -> ids.length).reversed());
    List<List<long[]>> batches = new ArrayList<>();
    int next = 0;
    while (next < sorted.size()) {
      int fitting = Math.max(1, Math.min(maxTexts, maxTokens / sorted.get(next).length));
      int end = Math.min(sorted.size(), next + fitting);
      batches.add(sorted.subList(next, end));
      next = end;
    }
    return batches;
  }

  private <T> void each(ExecutorService pool, List<T> items, Step<T> step)
      throws InterruptedException, ExecutionException {
    var next = new AtomicInteger();
    Callable<Void> work =
        () -> {
          for (int i = next.getAndIncrement(); i < items.size(); i = next.getAndIncrement()) {
            step.run(items.get(i));
          }
          return null;
        };
    List<Future<Void>> running = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      running.add(pool.submit(work));
    }
    for (Future<Void> future : running) {
      future.get();
    }
  }

  private interface Step<T> {
    void run(T item) throws OrtException;
  }
}
