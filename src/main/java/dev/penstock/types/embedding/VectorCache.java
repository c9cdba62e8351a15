package dev.penstock.types.embedding;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy.Eviction;
import dev.penstock.engine.ModelFailure;
import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.metrics.Meters;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Vectors of texts that were run before, by model, owner and tokens; bounded in bytes. Owners share
 * none: from how soon an answer comes nobody is to learn what others have sent.
 */
final class VectorCache {
  /** It may take no more of the heap than one in so many bytes, whatever the setting says. */
  private static final int SHARE_OF_HEAP = 8;

  /** An entry beside its numbers: objects, references, the cache's own account. */
  private static final int ENTRY_BYTES = 160;

  /** Null: nothing is kept. */
  private final @Nullable Cache<Key, float[]> vectors;

  /** Ordered, so that many of one hash, which somebody could choose, are found quickly too. */
  private record Key(String model, String owner, int[] tokens) implements Comparable<Key> {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key(var itsModel, var itsOwner, var itsTokens)
          && Arrays.equals(tokens, itsTokens)
          && owner.equals(itsOwner)
          && model.equals(itsModel);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * Arrays.hashCode(tokens) + owner.hashCode()) + model.hashCode();
    }

    @Override
    public int compareTo(Key other) {
      int byTokens = Arrays.compare(tokens, other.tokens);
      if (byTokens != 0) {
        return byTokens;
      }
      int byOwner = owner.compareTo(other.owner);
      return byOwner != 0 ? byOwner : model.compareTo(other.model);
    }

    int bytes() {
      return Integer.BYTES * tokens.length;
    }
  }

  /** Runs the texts that have no vector yet; empty: there is no room for them. */
  interface Model {
    Optional<float[][]> run(List<Tokens> texts) throws InterruptedException, ModelFailure;
  }

  /** The same of a model that also tells what it had made when it could not make all. */
  interface LeavingModel {
    Optional<float[][]> run(List<Tokens> texts, Left left)
        throws InterruptedException, ModelFailure;
  }

  /** Takes a vector of one of the texts that were to be run. */
  @FunctionalInterface
  interface Left {
    void vector(int index, float[] vector);
  }

  /**
   * @param bytes what it may take; 0: nothing is kept
   */
  VectorCache(long bytes) {
    this(bytes, Runtime.getRuntime().maxMemory());
  }

  VectorCache(long bytes, long heap) {
    vectors =
        bytes == 0
            ? null
            : Caffeine.newBuilder()
                .maximumWeight(Math.min(bytes, heap / SHARE_OF_HEAP))
                .<Key, float[]>weigher(
                    (key, vector) -> ENTRY_BYTES + key.bytes() + Float.BYTES * vector.length)
                .executor(Runnable::run)
                .recordStats()
                .build();
  }

  /**
   * The vectors of these texts, in order, from here or from the model. They are not to be changed.
   *
   * @param identity changes when the model would give other vectors
   */
  Optional<float[][]> vectors(String identity, String owner, List<Tokens> texts, Model model)
      throws InterruptedException, ModelFailure {
    return vectors(identity, owner, texts, (unknown, _) -> model.run(unknown));
  }

  /** As the other one. What a run leaves that did not end is kept too, for the next one. */
  Optional<float[][]> vectors(String identity, String owner, List<Tokens> texts, LeavingModel model)
      throws InterruptedException, ModelFailure {
    Cache<Key, float[]> kept = vectors;
    if (kept == null) {
      return model.run(texts, (_, _) -> {});
    }
    float[][] all = new float[texts.size()][];
    List<Key> missing = new ArrayList<>();
    List<Tokens> unknown = new ArrayList<>();
    for (int i = 0; i < all.length; i++) {
      var key = new Key(identity, owner, texts.get(i).ids());
      float[] found = kept.getIfPresent(key);
      if (found == null) {
        missing.add(key);
        unknown.add(texts.get(i));
      } else {
        all[i] = found;
      }
    }
    if (unknown.isEmpty()) {
      return Optional.of(all);
    }
    Optional<float[][]> ran =
        model.run(unknown, (index, vector) -> kept.put(missing.get(index), vector));
    if (ran.isEmpty()) {
      return ran;
    }
    int next = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] == null) {
        all[i] = ran.get()[next];
        kept.put(missing.get(next), all[i]);
        next++;
      }
    }
    return Optional.of(all);
  }

  /**
   * The vectors of these texts, if all are here. That one is not counts as no miss: it will be
   * looked for again.
   */
  Optional<float[][]> known(String identity, String owner, List<Tokens> texts)
      throws InterruptedException, ModelFailure {
    if (vectors == null) {
      return Optional.empty();
    }
    for (Tokens text : texts) {
      if (vectors.policy().getIfPresentQuietly(new Key(identity, owner, text.ids())) == null) {
        return Optional.empty();
      }
    }
    return vectors(identity, owner, texts, _ -> Optional.empty());
  }

  /** Whether nothing is here: nothing is kept, or nothing has been run. */
  boolean isEmpty() {
    return vectors == null || vectors.estimatedSize() == 0;
  }

  /** Shows how often it helped, and how large it is. */
  void count(Meters meters) {
    Cache<Key, float[]> cache = vectors;
    if (cache == null) {
      return;
    }
    String gets = "penstock.cache.gets";
    meters.counter(gets, Tags.of("result", "hit"), cache, it -> it.stats().hitCount());
    meters.counter(gets, Tags.of("result", "miss"), cache, it -> it.stats().missCount());
    meters.gauge("penstock.cache.bytes", Tags.empty(), cache, VectorCache::bytes);
  }

  private static double bytes(Cache<Key, float[]> cache) {
    return cache
        .policy()
        .eviction()
        .map(Eviction::weightedSize)
        .orElse(OptionalLong.empty())
        .orElse(0);
  }
}
