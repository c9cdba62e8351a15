package dev.penstock.engine.llama;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What a listener has heard of a text. */
final class Heard implements GenerationListener {
  private final StringBuilder text = new StringBuilder();
  private final List<Integer> tokens = new ArrayList<>();
  private final CompletableFuture<Ending> ending = new CompletableFuture<>();

  @Override
  public synchronized void piece(int token, String more) {
    tokens.add(token);
    text.append(more);
  }

  @Override
  public synchronized void ended(Ending how) {
    text.append(how.rest());
    if (!ending.complete(how)) {
      throw new IllegalStateException("it has ended before");
    }
  }

  Ending awaitEnd() throws Exception {
    return ending.get(60, TimeUnit.SECONDS);
  }

  synchronized List<Integer> tokens() {
    return List.copyOf(tokens);
  }

  synchronized String text() {
    return text.toString();
  }
}
