package dev.penstock.chaos;

import dev.penstock.testing.Api;
import dev.penstock.testing.Checker;
import dev.penstock.testing.Producers;
import dev.penstock.testing.Vectors;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;

/** Clients that submit work of all sorts until they are closed. */
final class Load implements AutoCloseable {
  private static final int CLIENTS = 6;
  private static final int TEXTS = 6;

  private final Producers producers;

  private Load(Producers producers) {
    this.producers = producers;
  }

  /** Vectors as a healthy house makes them. */
  static Map<String, float[]> references(House house) throws Exception {
    Map<String, float[]> references = new TreeMap<>();
    for (int i = 0; i < TEXTS; i++) {
      String text = "Water number " + i;
      String body = Api.JSON.createObjectNode().put("input", text).toString();
      references.put(
          text,
          Vectors.of(
              house
                  .doors()
                  .getFirst()
                  .post("/v1/embeddings", body)
                  .json()
                  .at("/data/0/embedding")));
    }
    return references;
  }

  static Load start(House house, Checker checker, Map<String, float[]> references) {
    return new Load(Producers.start(CLIENTS, () -> submit(house, checker, references)));
  }

  private static void submit(House house, Checker checker, Map<String, float[]> references)
      throws IOException, InterruptedException {
    Random random = ThreadLocalRandom.current();
    Api door = house.door(random);
    switch (random.nextInt(8)) {
      case 0, 1 -> {
        String text = "Water number " + random.nextInt(TEXTS);
        checker.embedding(door, text, Objects.requireNonNull(references.get(text)));
      }
      case 2 -> checker.ping(door, ",\"children\":4,\"window\":2,\"sleep_ms\":20");
      case 3 ->
          checker.submit(
              door,
              "{\"type\":\"ping\",\"delay_seconds\":%d,\"input\":{}}"
                  .formatted(1 + random.nextInt(3)),
              Checker::completed);
      default -> checker.ping(door, ",\"sleep_ms\":" + random.nextInt(200));
    }
  }

  @Override
  public void close() throws ExecutionException {
    producers.close();
  }
}
