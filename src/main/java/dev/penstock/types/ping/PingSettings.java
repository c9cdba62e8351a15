package dev.penstock.types.ping;

import dev.penstock.config.Setting;
import io.smallrye.config.ConfigMapping;

/** The settings of pings. */
@ConfigMapping(prefix = "ping")
interface PingSettings {
  @Setting(
      value =
          "Whether a ping task may kill the process it runs in, to try out faults: true or "
              + "false.",
      standard = "false")
  boolean allowCrash();
}
