package dev.penstock.types;

import dev.penstock.config.Setting;
import io.smallrye.config.ConfigMapping;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Settings that a room outside {@code config} declares. */
@ConfigMapping(prefix = "trial")
public interface DeclaredGroup {
  @Setting(value = "Time a trial may take.", standard = "5s", range = "1s to 1m")
  Duration timeout();

  @Setting(
      value = "Days of trials.",
      standard = "MON,TUE",
      allowed = "a day such as MON",
      matches = "[A-Z]{3}")
  List<String> days();

  Map<String, Limit> limits();

  /** What one name may have. */
  interface Limit {
    @Setting(value = "Number of tasks.", standard = "10", range = "0 to 100")
    int maxTasks();

    @Setting(value = "Its levels.", range = "1 to 9")
    Optional<List<Integer>> levels();

    @Setting(value = "Its password.", allowed = "a to z", matches = "[a-z]+", secret = true)
    Optional<String> password();
  }
}
