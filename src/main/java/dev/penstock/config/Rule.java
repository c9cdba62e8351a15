package dev.penstock.config;

import dev.penstock.base.Quantities;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one key accepts.
 *
 * @param allowed completes "must be …"
 * @param check throws IllegalArgumentException for a value that is not allowed
 */
record Rule(String allowed, Consumer<String> check) {
  private static final Pattern HOST_NAME =
      Pattern.compile(
          "[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*");
  private static final int MAX_HOST_NAME = 253;
  private static final Pattern MEMBER =
      Pattern.compile("(?<host>\\[[^\\]]*]|[^\\[\\]:]*)(:(?<port>\\d{1,5}))?");
  private static final int MAX_PORT = 65_535;

  boolean allows(String value) {
    try {
      check.accept(value);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** This rule, or nothing at all. */
  Rule orEmpty() {
    return new Rule(
        allowed + ", or empty",
        value -> {
          if (!value.isEmpty()) {
            check.accept(value);
          }
        });
  }

  static Rule whole(int least, int most) {
    return new Rule(
        "a whole number from %d to %d".formatted(least, most),
        value -> {
          int number = Integer.parseInt(value.strip());
          require(number >= least && number <= most);
        });
  }

  static Rule time(String least, String most) {
    Duration shortest = Quantities.duration(least);
    Duration longest = Quantities.duration(most);
    return new Rule(
        "a time from %s to %s, written like 500ms, 30s, 10m, 2h or 7d".formatted(least, most),
        value -> {
          Duration time = Quantities.duration(value);
          require(time.compareTo(shortest) >= 0 && time.compareTo(longest) <= 0);
        });
  }

  static Rule size(String least, String most) {
    long smallest = Quantities.bytes(least);
    long largest = Quantities.bytes(most);
    return new Rule(
        "a size from %s to %s, written like 512KiB, 4MiB or 8GiB".formatted(least, most),
        value -> {
          long bytes = Quantities.bytes(value);
          require(bytes >= smallest && bytes <= largest);
        });
  }

  /** The constants' names, in either case. */
  static <E extends Enum<E>> Rule oneOf(Class<E> type) {
    List<String> names = Arrays.stream(type.getEnumConstants()).map(Enum::name).toList();
    return new Rule(
        "one of " + String.join(", ", names),
        value -> require(names.contains(value.strip().toUpperCase(Locale.ROOT))));
  }

  static Rule matching(String allowed, String pattern) {
    Pattern form = Pattern.compile(pattern);
    return new Rule(allowed, value -> require(form.matcher(value).matches()));
  }

  static Rule path(String allowed) {
    return new Rule(
        allowed,
        value -> {
          require(!value.isBlank() && value.equals(value.strip()));
          require(value.chars().noneMatch(Character::isISOControl));
          Path path = Path.of(value);
          // SQLite's own ":memory:" would look like a file and keep nothing.
          require(!path.toString().startsWith(":"));
        });
  }

  /** Shape only: asking a name server is left to whoever listens there. */
  static Rule host() {
    return new Rule(
        "an IP address or a host name",
        value -> {
          boolean name = value.length() <= MAX_HOST_NAME && HOST_NAME.matcher(value).matches();
          boolean digits = value.matches("[0-9.]*");
          if (!name || digits) {
            var _ = InetAddress.ofLiteral(value);
          }
        });
  }

  static Rule members() {
    return new Rule(
        "nodes as host, host:port or an IPv6 address, with commas between them",
        value -> {
          for (String member : value.split(",", -1)) {
            String each = member.strip();
            boolean bare6 = each.chars().filter(c -> c == ':').count() > 1 && !each.startsWith("[");
            Matcher parts = MEMBER.matcher(bare6 ? "[" + each + "]" : each);
            require(parts.matches());
            String host = parts.group("host");
            if (host.startsWith("[")) {
              var _ = Inet6Address.ofLiteral(host.substring(1, host.length() - 1));
            } else {
              host().check.accept(host);
            }
            String port = parts.group("port");
            require(port == null || Integer.parseInt(port) <= MAX_PORT);
          }
        });
  }

  static Rule redis() {
    return new Rule(
        "a URI like redis://user:password@host:6379/0, or rediss:// for TLS",
        value -> {
          URI uri = URI.create(value);
          require("redis".equals(uri.getScheme()) || "rediss".equals(uri.getScheme()));
          require(uri.getHost() != null && uri.getRawQuery() == null && uri.getFragment() == null);
          require(uri.getRawPath().matches("(/\\d{0,3})?"));
        });
  }

  static Rule amqp() {
    return new Rule(
        "a URI like amqp://user:password@host:5672/vhost, or amqps:// for TLS",
        value -> {
          URI uri = URI.create(value);
          require("amqp".equals(uri.getScheme()) || "amqps".equals(uri.getScheme()));
          require(uri.getHost() != null && uri.getRawFragment() == null);
        });
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("not allowed");
    }
  }
}
