package dev.penstock.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options by which answers are made. */
final class ModelOptions {
  @Option(names = "--system", paramLabel = "TEXT", description = "what the model is told to be")
  private @Nullable String system;

  @Option(
      names = "--temperature",
      paramLabel = "N",
      description = "0: the likeliest word each time; up to 2")
  private @Nullable Double temperature;

  @Option(names = "--max-tokens", paramLabel = "N", description = "the longest answer, in tokens")
  private @Nullable Integer maxTokens;

  @Option(names = "--seed", paramLabel = "N", description = "the same seed, the same answer")
  private @Nullable Long seed;

  @Option(
      names = "--verbose",
      description = "say after each answer how many tokens it took, and how fast they came")
  private boolean verbose;

  @Nullable String system() {
    return system;
  }

  boolean verbose() {
    return verbose;
  }

  void putInto(ObjectNode body) {
    if (temperature != null) {
      body.put("temperature", temperature);
    }
    if (maxTokens != null) {
      body.put("max_tokens", maxTokens);
    }
    if (seed != null) {
      body.put("seed", seed);
    }
  }
}
