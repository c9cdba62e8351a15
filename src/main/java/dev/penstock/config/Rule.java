package dev.penstock.config;

import dev.penstock.base.ByteSizes;
import dev.penstock.base.Quantities;
import io.smallrye.config.WithConverter;
import java.lang.reflect.Method;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What one setting accepts.
 *
 * @param allowed completes "must be …"
 * @param read gives the value as its type's converter takes it; throws IllegalArgumentException for
 *     one that is not allowed
 */
record Rule(String allowed, UnaryOperator<String> read) {
  private static final Pattern HOST_NAME =
      Pattern.compile(
          "[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*");
  private static final int MAX_HOST_NAME = 253;
  private static final Pattern MEMBER =
      Pattern.compile("(?<host>\\[[^\\]]*]|[^\\[\\]:]*)(:(?<port>\\d{1,5}))?");
  private static final int MAX_PORT = 65_535;
  private static final Pattern ORIGIN =
      Pattern.compile(
          "(?<site>(?<scheme>[a-z][a-z0-9+.-]*)://(\\[[0-9a-f:.]+]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?))"
              + "(:(?<port>[1-9]\\d{0,4}))?");
  private static final Map<String, String> SCHEME_PORTS = Map.of("http", "80", "https", "443");

  /**
   * What a setting says that it accepts.
   *
   * @param type of its value, or of each item of its list
   * @throws IllegalStateException when it does not say enough
   */
  static Rule of(Setting setting, Class<?> type, Method accessor) {
    String allowed = setting.allowed();
    String[] range = setting.range().split(" to ", 2);
    WithConverter converter = accessor.getAnnotation(WithConverter.class);
    if (setting.form() != Setting.Form.OF_ITS_TYPE) {
      return switch (setting.form()) {
        case OF_ITS_TYPE -> throw new IllegalStateException("not here");
        case HOST -> host();
        case NODE -> matching("host:port", "([A-Za-z0-9._-]+|\\[[0-9a-fA-F:.]+])(:\\d{1,5})?");
        case MEMBER -> member();
        case REDIS_URI -> redis();
        case AMQP_URI -> amqp();
        case ORIGIN -> origin();
      };
    } else if (!setting.matches().isEmpty() && !allowed.isEmpty()) {
      return matching(allowed, setting.matches());
    } else if (type == boolean.class) {
      return matching("true or false", "true|false");
    } else if (type.isEnum()) {
      return oneOf(type);
    } else if (type == Path.class) {
      return path(allowed.isEmpty() ? "the path of a file" : allowed);
    } else if (range.length == 2 && type == Duration.class) {
      return time(range[0], range[1]);
    } else if (range.length == 2
        && converter != null
        && converter.value().getEnclosingClass() == ByteSizes.class) {
      return size(range[0], range[1]);
    } else if (range.length == 2 && (type == int.class || type == Integer.class)) {
      return whole(Integer.parseInt(range[0]), Integer.parseInt(range[1]));
    }
    throw new IllegalStateException(accessor + " does not say what it allows");
  }

  private static Rule checked(String allowed, Consumer<String> check) {
    return new Rule(
        allowed,
        value -> {
          check.accept(value);
          return value;
        });
  }

  boolean allows(String value) {
    try {
      String _ = read.apply(value);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** This rule, or nothing at all. */
  Rule orEmpty() {
    return new Rule(allowed + ", or empty", value -> value.isEmpty() ? value : read.apply(value));
  }

  /** Any number of what this rule allows, but one at least. */
  Rule list() {
    return new Rule(
        allowed + ", or several with commas between them",
        value ->
            Arrays.stream(value.split(",", -1))
                .map(item -> read.apply(item.strip()).replace("\\", "\\\\"))
                .collect(Collectors.joining(",")));
  }

  private static Rule whole(int least, int most) {
    return checked(
        "a whole number from %d to %d".formatted(least, most),
        value -> {
          int number = Integer.parseInt(value.strip());
          require(number >= least && number <= most);
        });
  }

  private static Rule time(String least, String most) {
    Duration shortest = Quantities.duration(least);
    Duration longest = Quantities.duration(most);
    return checked(
        "a time from %s to %s, written like 500ms, 30s, 10m, 2h or 7d".formatted(least, most),
        value -> {
          Duration time = Quantities.duration(value);
          require(time.compareTo(shortest) >= 0 && time.compareTo(longest) <= 0);
        });
  }

  private static Rule size(String least, String most) {
    long smallest = Quantities.bytes(least);
    long largest = Quantities.bytes(most);
    return checked(
        "a size from %s to %s, written like 512KiB, 4MiB or 8GiB".formatted(least, most),
        value -> {
          long bytes = Quantities.bytes(value);
          require(bytes >= smallest && bytes <= largest);
        });
  }

  /** The constants' names, in either case. */
  private static Rule oneOf(Class<?> type) {
    List<String> names =
        Arrays.stream(type.getEnumConstants()).map(each -> ((Enum<?>) each).name()).toList();
    return new Rule(
        "one of " + String.join(", ", names),
        value -> {
          String name = value.strip().toUpperCase(Locale.ROOT);
          require(names.contains(name));
          return name;
        });
  }

  private static Rule matching(String allowed, String pattern) {
    Pattern form = Pattern.compile(pattern);
    return checked(allowed, value -> require(form.matcher(value).matches()));
  }

  static Rule path(String allowed) {
    return checked(
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
  private static Rule host() {
    return checked(
        "an IP address or a host name",
        value -> {
          boolean name = value.length() <= MAX_HOST_NAME && HOST_NAME.matcher(value).matches();
          boolean digits = value.matches("[0-9.]*");
          if (!name || digits) {
            var _ = InetAddress.ofLiteral(value);
          }
        });
  }

  private static Rule member() {
    return checked(
        "a node as host, host:port or an IPv6 address",
        each -> {
          boolean bare6 = each.chars().filter(c -> c == ':').count() > 1 && !each.startsWith("[");
          Matcher parts = MEMBER.matcher(bare6 ? "[" + each + "]" : each);
          require(parts.matches());
          String host = parts.group("host");
          if (host.startsWith("[")) {
            var _ = Inet6Address.ofLiteral(host.substring(1, host.length() - 1));
          } else {
            require(host().allows(host));
          }
          String port = parts.group("port");
          require(port == null || Integer.parseInt(port) <= MAX_PORT);
        });
  }

  private static Rule redis() {
    return checked(
        "a URI like redis://user:password@host:6379/0, or rediss:// for TLS",
        value -> {
          URI uri = URI.create(value);
          require("redis".equals(uri.getScheme()) || "rediss".equals(uri.getScheme()));
          require(uri.getHost() != null && uri.getRawQuery() == null && uri.getFragment() == null);
          require(uri.getRawPath().matches("(/\\d{0,3})?"));
        });
  }

  private static Rule amqp() {
    return checked(
        "a URI like amqp://user:password@host:5672/vhost, or amqps:// for TLS",
        value -> {
          URI uri = URI.create(value);
          require("amqp".equals(uri.getScheme()) || "amqps".equals(uri.getScheme()));
          require(uri.getHost() != null && uri.getRawFragment() == null);
        });
  }

  /** As browsers send it: in lower case, and without the port that is its scheme's own. */
  private static Rule origin() {
    return new Rule(
        "* or an origin as browsers send it: https://app.example.com, http://localhost:3000 or"
            + " app://obsidian.md, without a path and without a / at its end",
        value -> {
          Matcher parts = ORIGIN.matcher(value.toLowerCase(Locale.ROOT));
          if (value.equals("*")) {
            return value;
          }
          require(parts.matches());
          String port = parts.group("port");
          require(port == null || Integer.parseInt(port) <= MAX_PORT);
          String usual = SCHEME_PORTS.get(parts.group("scheme"));
          return parts.group("site") + (port == null || port.equals(usual) ? "" : ":" + port);
        });
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException("not allowed");
    }
  }
}
