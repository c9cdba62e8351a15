package dev.penstock.types.generation;

import dev.penstock.config.Setting;
import io.smallrye.config.ConfigMapping;
import java.time.Duration;
import java.util.Optional;

/** The settings of text generation. */
@ConfigMapping(prefix = "generation")
public interface GenerationSettings {
  @Setting(
      value = "Model of requests that name none; empty: each has to name one.",
      allowed = "the name of a model",
      matches = "[A-Za-z0-9][A-Za-z0-9._/:-]{0,199}")
  Optional<String> model();

  @Setting(
      value = "Longest answer, in tokens, of requests that do not say.",
      standard = "2048",
      range = "1 to 100000000")
  int maxTokens();

  @Setting(
      value = "Time a request is held open for the first piece of its answer.",
      standard = "590s",
      range = "100ms to 1d")
  Duration syncTimeout();

  @Setting(
      value = "Time one run of a generation may take once it has begun.",
      standard = "1h",
      range = "100ms to 7d")
  Duration timeout();
}
