package dev.penstock.storage.rabbit;

import dev.penstock.base.Digests;
import dev.penstock.task.Lane;
import dev.penstock.task.Priority;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The routing keys of a lane's tasks, one for each queue: {@code lane} for the owner {@code
 * default}, {@code lane@owner} for others, each once more with a {@code !} behind it for what is
 * urgent. Lanes have no {@code @} in their names and owners are escaped, so no two are alike. A
 * lane that is named like a queue of {@link DeadLetters} has {@code lane@default} too.
 */
final class RoutingKeys {
  /** The owner whose queues have the names of lanes alone. */
  static final String DEFAULT = "default";

  private static final int SHARED = 16;
  private static final int LONGEST = 255 - "penstock.".length() - "!".length();

  private RoutingKeys() {}

  /**
   * Whether a priority's tasks have a queue apart, so that they come although as many others wait
   * here unacknowledged as the prefetch allows.
   */
  static boolean urgent(Priority priority) {
    return priority.compareTo(Priority.HELD) >= 0;
  }

  /** The owner's own queue. */
  static String own(Lane lane, String owner, boolean urgent) {
    if (owner.equals(DEFAULT) && !DeadLetters.NAMES.contains(lane.name())) {
      return band(lane.name(), urgent);
    }
    String whole = lane.name() + "@" + escaped(owner);
    return band(
        whole.length() <= LONGEST ? whole : lane.name() + "@#" + hash(owner).substring(0, 32),
        urgent);
  }

  /** The queue an owner shares with others when there are too many owners. */
  static String shared(Lane lane, String owner, boolean urgent) {
    return shared(lane, Integer.parseInt(hash(owner).substring(0, 4), 16) % SHARED, urgent);
  }

  private static String shared(Lane lane, int n, boolean urgent) {
    return band(lane.name() + "@~" + n, urgent);
  }

  /** All queues of a lane that owners share. */
  static List<String> shared(Lane lane) {
    return IntStream.range(0, 2 * SHARED).mapToObj(n -> shared(lane, n / 2, n % 2 == 0)).toList();
  }

  private static String band(String key, boolean urgent) {
    return urgent ? key + "!" : key;
  }

  private static String escaped(String owner) {
    var escaped = new StringBuilder();
    for (byte each : owner.getBytes(StandardCharsets.UTF_8)) {
      if ((each >= '0' && each <= '9')
          || (each >= 'A' && each <= 'Z')
          || (each >= 'a' && each <= 'z')
          || each == '.'
          || each == '_'
          || each == '-') {
        escaped.append((char) each);
      } else {
        escaped.append('%').append(HexFormat.of().toHexDigits(each));
      }
    }
    return escaped.toString();
  }

  private static String hash(String owner) {
    return HexFormat.of().formatHex(Digests.sha256(owner));
  }
}
