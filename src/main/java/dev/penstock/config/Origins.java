package dev.penstock.config;

import dev.penstock.base.Visible;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Where each key's value came from, for messages. What is put later wins. */
final class Origins {
  private static final Set<String> SECRETS =
      Set.of("auth.token", "redis.password", "redis.uri", "rabbitmq.password", "rabbitmq.uri");

  private final Map<String, String> origins = new HashMap<>();

  void put(Collection<String> keys, UnaryOperator<String> origin) {
    keys.forEach(key -> origins.put(key, origin.apply(key)));
  }

  /** One line that names the key, its value unless that is a secret, its origin and the fault. */
  String problem(String key, @Nullable String value, String message) {
    String shown = SECRETS.contains(key) || value == null ? "" : " = " + Visible.quoted(value);
    String hint =
        value != null && value.startsWith("tcp://")
            ? " (Kubernetes sets such variables for a service of that name:"
                + " enableServiceLinks: false)"
            : "";
    return key + shown + " (" + origins.getOrDefault(key, "default") + "): " + message + hint;
  }
}
