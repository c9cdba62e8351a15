package dev.penstock.config;

import dev.penstock.base.Visible;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithName;
import io.smallrye.config.common.utils.StringUtil;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every setting that some groups declare. A map's settings are known by {@code <name>} and are
 * there for each name of {@link #NAME}'s form: no two such names have one environment variable, so
 * that it can be told which of them a variable means.
 */
final class KnownSettings {
  static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");
  private static final Pattern VARIABLE_NAME = Pattern.compile("[A-Z0-9]+(_[A-Z0-9]+)*");
  private static final String ANY = "." + SettingKey.NAME + ".";

  /** Those outside maps. */
  private final SortedMap<String, SettingKey> single = new TreeMap<>();

  /** Of each map's key, its settings by what follows the name. */
  private final SortedMap<String, SortedMap<String, SettingKey>> maps = new TreeMap<>();

  /**
   * Reads declarations.
   *
   * @throws IllegalStateException when they are wrong or in each other's way
   */
  KnownSettings(Collection<Class<?>> groups) {
    for (Class<?> group : groups) {
      ConfigMapping mapping = group.getAnnotation(ConfigMapping.class);
      require(mapping != null, group + " has no @ConfigMapping");
      addSection(mapping.prefix(), group);
    }
    Set<String> variables = new HashSet<>();
    for (SettingKey key : all()) {
      require(variables.add(key.variable()), key.key() + ": its variable has two meanings");
    }
    maps.forEach(this::checkMap);
  }

  private void addSection(String prefix, Class<?> section) {
    for (Method accessor : section.getMethods()) {
      if (!Modifier.isAbstract(accessor.getModifiers())) {
        continue;
      }
      WithName name = accessor.getAnnotation(WithName.class);
      String word = name == null ? StringUtil.skewer(accessor.getName()) : name.value();
      String key = prefix.isEmpty() ? word : prefix + "." + word;
      Setting setting = accessor.getAnnotation(Setting.class);
      if (setting != null) {
        add(setting(key, setting, accessor));
      } else if (accessor.getReturnType() == Map.class) {
        require(!key.contains(ANY), key + ": a map in a map");
        require(maps.put(key, new TreeMap<>()) == null, key + " is declared twice");
        addSection(
            key + "." + SettingKey.NAME, argument(accessor.getGenericReturnType(), 1, accessor));
      } else {
        require(accessor.getReturnType().isInterface(), accessor + " is no setting");
        addSection(key, accessor.getReturnType());
      }
    }
  }

  private void add(SettingKey key) {
    int any = key.key().indexOf(ANY);
    boolean fresh =
        any < 0
            ? single.put(key.key(), key) == null
            : fields(key.key().substring(0, any)).put(key.key().substring(any + ANY.length()), key)
                == null;
    require(fresh, key.key() + " is declared twice");
    if (key.secret()) {
      add(key.file());
    }
  }

  private SortedMap<String, SettingKey> fields(String map) {
    SortedMap<String, SettingKey> fields = maps.get(map);
    if (fields == null) {
      throw new IllegalArgumentException("no map " + map);
    }
    return fields;
  }

  private static SettingKey setting(String key, Setting setting, Method accessor) {
    Type type = accessor.getGenericReturnType();
    boolean optional = accessor.getReturnType() == Optional.class;
    if (optional) {
      type = ((ParameterizedType) type).getActualTypeArguments()[0];
    }
    boolean list = type instanceof ParameterizedType && raw(type, accessor) == List.class;
    Class<?> value = list ? argument(type, 0, accessor) : raw(type, accessor);
    Rule rule = Rule.of(setting, value, accessor);
    if (list) {
      rule = rule.list();
    }
    if (setting.standard().isEmpty()) {
      rule = rule.orEmpty();
    }
    require(rule.allows(setting.standard()), key + ": its default is not allowed");
    // A path may be empty when it is read: db.path follows from another.
    require(
        optional || value == Path.class || !setting.standard().isEmpty(),
        key + ": has no default and is not Optional");
    require(!optional || setting.standard().isEmpty(), key + ": its default makes it never empty");
    return new SettingKey(
        key, setting.standard(), setting.value(), rule, setting.also(), setting.secret(), list);
  }

  private static Class<?> argument(Type type, int index, Method accessor) {
    return raw(((ParameterizedType) type).getActualTypeArguments()[index], accessor);
  }

  private static Class<?> raw(Type type, Method accessor) {
    return switch (type) {
      case Class<?> it -> it;
      case ParameterizedType it -> raw(it.getRawType(), accessor);
      default -> throw new IllegalStateException(accessor + " has a type that no setting has");
    };
  }

  /** What follows a map's key or variable must belong to it, and end in one field only. */
  private void checkMap(String map, SortedMap<String, SettingKey> fields) {
    String variable = SettingKey.variable(map) + "_";
    for (SettingKey key : single.values()) {
      require(
          !key.key().equals(map)
              && !key.key().startsWith(map + ".")
              && !key.variable().startsWith(variable)
              && !key.also().startsWith(variable),
          key.key() + " is in the way of the map " + map);
    }
    for (String other : maps.keySet()) {
      require(
          other.equals(map) || !SettingKey.variable(other).concat("_").startsWith(variable),
          other + " is in the way of the map " + map);
    }
    for (String field : fields.keySet()) {
      for (String other : fields.keySet()) {
        require(
            !SettingKey.variable(other).endsWith("_" + SettingKey.variable(field)),
            map + ": a variable that ends in " + other + " also ends in " + field);
      }
    }
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalStateException(problem);
    }
  }

  /** Those of maps with {@code <name>}. */
  List<SettingKey> all() {
    return Stream.concat(
            single.values().stream(),
            maps.values().stream().flatMap(fields -> fields.values().stream()))
        .toList();
  }

  /** The settings there are where these keys are given: of maps, for each name among them. */
  List<SettingKey> of(Collection<String> given) {
    List<SettingKey> keys = new ArrayList<>(single.values());
    given.stream()
        .flatMap(key -> place(key).stream())
        .distinct()
        .sorted(Comparator.comparing(Place::map).thenComparing(Place::name))
        .forEach(place -> keys.addAll(settings(place)));
    return keys;
  }

  Optional<SettingKey> find(String key) {
    return Optional.ofNullable(single.get(key))
        .or(() ->
            place(key)
                .filter(place -> NAME.matcher(place.name()).matches())
                .flatMap(place ->
                    settings(place).stream().filter(it -> it.key().equals(key)).findAny()));
  }

  /** Whether settings stand below this key. */
  boolean isSection(String key) {
    return Stream.concat(
            all().stream(), place(key).stream().flatMap(place -> settings(place).stream()))
        .anyMatch(setting -> setting.key().startsWith(key + "."));
  }

  /** Whether this is a name in a map, and no setting of it. */
  boolean isName(String key) {
    return place(key)
        .filter(place -> key.endsWith("." + place.name()) && isSection(key))
        .isPresent();
  }

  /** What is wrong with a key that is none. */
  String unknown(String key, String origin) {
    Place place = place(key).orElse(null);
    if (place == null) {
      return NearestKey.unknown(key, origin, single.keySet());
    } else if (!NAME.matcher(place.name()).matches()) {
      return "%s (%s): the name %s must be of a to z and digits, with single - between them"
          .formatted(Visible.quoted(key), origin, Visible.quoted(place.name()));
    }
    List<String> there = settings(place).stream().map(SettingKey::key).toList();
    return NearestKey.unknown(key, origin, there) + "; there are " + String.join(", ", there);
  }

  /**
   * The key in a map that an environment variable means; empty where it means none.
   *
   * @throws IllegalArgumentException when it is a map's but no key's, saying what it must be
   */
  Optional<String> ofMap(String variable) {
    for (var map : maps.entrySet()) {
      String start = SettingKey.variable(map.getKey()) + "_";
      if (!variable.startsWith(start)) {
        continue;
      }
      String rest = variable.substring(start.length());
      for (String field : map.getValue().keySet()) {
        String end = "_" + SettingKey.variable(field);
        String name = rest.endsWith(end) ? rest.substring(0, rest.length() - end.length()) : "";
        if (VARIABLE_NAME.matcher(name).matches()) {
          String lower = name.toLowerCase(Locale.ROOT).replace('_', '-');
          return Optional.of(map.getKey() + "." + lower + "." + field);
        }
      }
      throw new IllegalArgumentException(
          "must be one of "
              + map.getValue().values().stream()
                  .map(SettingKey::variable)
                  .collect(Collectors.joining(", "))
              + ", with a name of A to Z and digits, and single _ between them");
    }
    return Optional.empty();
  }

  private List<SettingKey> settings(Place place) {
    return fields(place.map()).values().stream().map(field -> field.of(place.name())).toList();
  }

  private Optional<Place> place(String key) {
    return maps.keySet().stream()
        .filter(map -> key.startsWith(map + "."))
        .findAny()
        .map(map -> new Place(map, key.substring(map.length() + 1).split("\\.", 2)[0]));
  }

  /** A name in a map. */
  private record Place(String map, String name) {}
}
