package dev.penstock.types.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.engine.Tokenizer.Tokens;
import dev.penstock.metrics.Meters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class VectorCacheTest {
  private static final long ROOM = 1 << 20;
  private static final long HEAP = 1L << 30;

  private final List<int[]> ran = new ArrayList<>();
  private final VectorCache cache = new VectorCache(ROOM, HEAP);

  private static List<Tokens> texts(int... tokens) {
    return IntStream.of(tokens).mapToObj(VectorCacheTest::text).toList();
  }

  private static Tokens text(int token) {
    return new Tokens(new int[] {101, token, 102}, 3, true);
  }

  /** Vectors of one number: the token. */
  private Optional<float[][]> run(List<Tokens> texts) {
    texts.forEach(text -> ran.add(text.ids()));
    return Optional.of(
        texts.stream().map(text -> new float[] {text.ids()[1]}).toArray(float[][]::new));
  }

  private float[] get(VectorCache from, String model, String owner, int... tokens)
      throws Exception {
    float[][] vectors = from.vectors(model, owner, texts(tokens), this::run).orElseThrow();
    assertThat(Stream.of(vectors)).allMatch(vector -> vector.length == 1);
    float[] firsts = new float[vectors.length];
    for (int i = 0; i < firsts.length; i++) {
      firsts[i] = vectors[i][0];
    }
    return firsts;
  }

  private float[] get(int... tokens) throws Exception {
    return get(cache, "model", "owner", tokens);
  }

  private List<Integer> tokensRun() {
    return ran.stream().map(ids -> ids[1]).toList();
  }

  @Test
  void allOrNoneAreKnown() throws Exception {
    assertThat(cache.isEmpty()).isTrue();
    get(1, 2);
    assertThat(cache.isEmpty()).isFalse();
    assertThat(cache.known("model", "owner", texts(2, 1)).orElseThrow())
        .isDeepEqualTo(new float[][] {{2}, {1}});
    assertThat(cache.known("model", "owner", texts(1, 3))).isEmpty();
    assertThat(cache.known("model", "another", texts(1))).isEmpty();
    assertThat(tokensRun()).containsExactly(1, 2);
    assertThat(new VectorCache(0).known("model", "owner", texts(1))).isEmpty();
  }

  @Test
  void onlyWhatIsUnknownIsRunAndTheOrderStays() throws Exception {
    assertThat(get(1, 2)).containsExactly(1, 2);
    assertThat(get(3, 2, 4, 1, 5)).containsExactly(3, 2, 4, 1, 5);
    assertThat(get(5, 4, 3)).containsExactly(5, 4, 3);
    assertThat(tokensRun()).containsExactly(1, 2, 3, 4, 5);
  }

  @Test
  void ownersAndModelsShareNothing() throws Exception {
    get(1);
    assertThat(get(cache, "model", "another", 1)).containsExactly(1);
    assertThat(get(cache, "another", "owner", 1)).containsExactly(1);
    assertThat(tokensRun()).containsExactly(1, 1, 1);
  }

  @Test
  void whatThereWasNoRoomForIsNotKept() throws Exception {
    assertThat(cache.vectors("model", "owner", texts(1), _ -> Optional.empty())).isEmpty();
    assertThat(get(1)).containsExactly(1);
    assertThat(tokensRun()).containsExactly(1);
  }

  @Test
  void itKeepsItsBoundAndSaysHowItStands() throws Exception {
    var registry = new SimpleMeterRegistry();
    cache.count(new Meters(registry));
    get(1, 2);
    get(1);
    assertThat(gets(registry, "hit")).isEqualTo(1);
    assertThat(gets(registry, "miss")).isEqualTo(2);
    double two = registry.get("penstock.cache.bytes").gauge().value();
    assertThat(two).isBetween(2 * 4.0 * (3 + 1), 1_000.0);
    for (int i = 0; i < 20_000; i++) {
      get(i);
    }
    assertThat(registry.get("penstock.cache.bytes").gauge().value())
        .isBetween(ROOM / 2.0, (double) ROOM);
    assertThat(get(7, 8)).containsExactly(7, 8);
  }

  private static double gets(SimpleMeterRegistry registry, String result) {
    return registry.get("penstock.cache.gets").tag("result", result).functionCounter().count();
  }

  @Test
  void aSmallHeapIsNotFilled() throws Exception {
    var small = new VectorCache(ROOM, 8 * 1_000);
    var registry = new SimpleMeterRegistry();
    small.count(new Meters(registry));
    for (int i = 0; i < 1_000; i++) {
      get(small, "model", "owner", i);
    }
    assertThat(registry.get("penstock.cache.bytes").gauge().value()).isBetween(100.0, 1_000.0);
  }

  @Test
  void withoutRoomEverythingIsRun() throws Exception {
    var none = new VectorCache(0);
    get(none, "model", "owner", 1);
    get(none, "model", "owner", 1);
    assertThat(tokensRun()).containsExactly(1, 1);
  }
}
