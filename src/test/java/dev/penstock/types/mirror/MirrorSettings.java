package dev.penstock.types.mirror;

import dev.penstock.config.Setting;
import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** The settings of reflections. */
@ConfigMapping(prefix = "reflection")
public interface MirrorSettings {
  @Setting(value = "Mirror of tasks that name none.", allowed = "a name", matches = "[a-z-]+")
  Optional<String> model();
}
