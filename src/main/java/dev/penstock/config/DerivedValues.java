package dev.penstock.config;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;
import org.jspecify.annotations.Nullable;

/**
 * Fills in the values that depend on others: an empty {@code db.path}, and {@code auto} as the
 * device on a machine whose GPUs are hidden.
 */
final class DerivedValues implements ConfigSourceInterceptor {
  private static final long serialVersionUID = 1L;

  private final boolean gpusHidden;

  /**
   * @param cudaVisibleDevices the variable's value. Only the values that hide every GPU matter
   *     here; which ones the others name is between CUDA and the driver
   */
  DerivedValues(@Nullable String cudaVisibleDevices) {
    gpusHidden =
        cudaVisibleDevices != null
            && (cudaVisibleDevices.isBlank() || cudaVisibleDevices.strip().equals("-1"));
  }

  @Override
  public @Nullable ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
    ConfigValue value = context.proceed(name);
    if (value == null || value.getValue() == null) {
      return value;
    }
    if (name.equals("db.path") && value.getValue().isEmpty()) {
      ConfigValue dir = context.proceed("data.dir");
      // A folder that is refused anyway is one problem, not two.
      return dir == null || dir.getValue() == null || !Rules.of("data.dir").allows(dir.getValue())
          ? value
          : value.withValue(dir.getValue() + "/penstock.db");
    }
    if (name.equals("inference.device") && gpusHidden && value.getValue().equals("auto")) {
      return value.withValue("cpu");
    }
    return value;
  }
}
