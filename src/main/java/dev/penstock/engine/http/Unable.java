package dev.penstock.engine.http;

import dev.penstock.core.InvalidInput;
import dev.penstock.engine.GenerationRequest;

/** Refuses what a protocol has no words for, and what would change the answer. */
final class Unable {
  private final String protocol;
  private final GenerationRequest request;

  /**
   * @param protocol as people call it
   */
  Unable(String protocol, GenerationRequest request) {
    this.protocol = protocol;
    this.request = request;
  }

  void requireOneAnswer() {
    require(request.choices() == 1, "n", "makes one answer at a time");
  }

  void requireNoBias() {
    require(request.sampling().bias().isEmpty(), "logit_bias", "does not take it");
  }

  void require(boolean can, String field, String why) {
    if (!can) {
      throw refusal(field, why);
    }
  }

  InvalidInput refusal(String field, String why) {
    return new InvalidInput(field, "cannot be done: the model's backend, " + protocol + ", " + why);
  }
}
