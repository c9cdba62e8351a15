package dev.penstock.templates;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/** The methods of Python's texts, lists and dicts: those that change nothing. */
final class Methods {
  private static final Set<String> TEXT =
      Set.of(
          "capitalize casefold center count endswith find format index isalnum isalpha isdecimal isdigit"
              .split(" "));
  private static final Set<String> MORE_TEXT =
      Set.of(
          ("islower isnumeric isspace istitle isupper join ljust lower lstrip partition removeprefix"
                  + " removesuffix replace rfind rindex rjust rpartition rsplit rstrip split"
                  + " splitlines startswith strip swapcase title upper zfill")
              .split(" "));
  private static final Set<String> LIST = Set.of("count", "index", "copy");
  private static final Set<String> MAP = Set.of("get", "items", "keys", "values", "copy");
  private static final Set<String> CHANGE_LIST =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> CHANGE_MAP =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private final Values values;
  private final Meter meter;

  Methods(Values values, Meter meter) {
    this.values = values;
    this.meter = meter;
  }

  boolean has(Object of, String name) {
    return switch (of) {
      case String _ -> TEXT.contains(name) || MORE_TEXT.contains(name);
      case Tuple _ -> LIST.contains(name) && !name.equals("copy");
      case List<?> _ -> LIST.contains(name);
      case Map<?, ?> _ -> MAP.contains(name);
      default -> false;
    };
  }

  /** Whether a value has such a method in Python, which a template must not call. */
  boolean changes(Object of, String name) {
    return switch (of) {
      case Tuple _ -> false;
      case List<?> _ -> CHANGE_LIST.contains(name);
      case Map<?, ?> _ -> CHANGE_MAP.contains(name);
      default -> false;
    };
  }

  Object call(Object of, String name, Args args) {
    return switch (of) {
      case String text -> ofText(text, name, args);
      case Map<?, ?> map -> ofMap(map, name, args);
      case List<?> list -> ofList(list, name, args);
      default -> throw meter.fault(Values.told(of) + " has no methods");
    };
  }

  private Object ofMap(Map<?, ?> map, String name, Args args) {
    return switch (name) {
      case "get" -> {
        Object value = map.get(values.key(args.get(0, "key", None.NONE)));
        yield value == null ? args.get(1, "default", None.NONE) : value;
      }
      case "keys" -> new View("dict_keys", values.made(map.keySet()));
      case "values" -> new View("dict_values", values.made(map.values()));
      case "items" -> new View("dict_items", pairs(map));
      default -> map;
    };
  }

  List<Object> pairs(Map<?, ?> map) {
    meter.madeElements(3L * map.size());
    List<Object> pairs = new ArrayList<>(map.size());
    map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
    return pairs;
  }

  private Object ofList(List<?> list, String name, Args args) {
    Object wanted = args.get(0, "value", None.NONE);
    return switch (name) {
      case "count" -> list.stream().filter(each -> values.same(each, wanted)).count();
      case "index" -> {
        for (int i = 0; i < list.size(); i++) {
          if (values.same(list.get(i), wanted)) {
            yield (long) i;
          }
        }
        throw meter.fault("a list does not have the value whose index is asked for");
      }
      default -> list;
    };
  }

  private Object ofText(String text, String name, Args args) {
    meter.made(text.length());
    return switch (name) {
      case "capitalize" -> Texts.capitalized(text);
      case "casefold" -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "title" -> Texts.title(text, "");
      case "swapcase" -> swapped(text);
      case "center" -> padded(text, args, Formats.CENTER);
      case "ljust" -> padded(text, args, "<");
      case "rjust" -> padded(text, args, ">");
      case "zfill" ->
          new Formats(meter, values).padded(text, values.whole(args.get(0, "width", 0L)), "=", "0");
      case "strip" -> strip(text, args, true, true);
      case "lstrip" -> strip(text, args, true, false);
      case "rstrip" -> strip(text, args, false, true);
      case "removeprefix" -> {
        String part = part(args);
        yield text.startsWith(part) ? text.substring(part.length()) : text;
      }
      case "removesuffix" -> {
        String part = part(args);
        yield text.endsWith(part) ? text.substring(0, text.length() - part.length()) : text;
      }
      case "startswith" -> any(args, text::startsWith);
      case "endswith" -> any(args, text::endsWith);
      case "find" -> Texts.index(text, text.indexOf(searched(text, args)));
      case "rfind" -> Texts.index(text, text.lastIndexOf(searched(text, args)));
      case "index" -> found(text, text.indexOf(searched(text, args)));
      case "rindex" -> found(text, text.lastIndexOf(searched(text, args)));
      case "count" -> count(text, searched(text, args));
      case "replace" ->
          replaced(
              text,
              searched(text, args),
              string(args.get(1, "new", None.NONE)),
              values.whole(args.get(2, "count", -1L)));
      case "split" -> Splitting.split(text, separator(text, args), most(args), meter);
      case "rsplit" -> Splitting.splitFromEnd(text, separator(text, args), most(args), meter);
      case "splitlines" -> Splitting.lines(text, args.flag(0, "keepends"), meter);
      case "partition", "rpartition" ->
          Splitting.partition(text, searched(text, args), name.equals("rpartition"));
      case "join" -> joined(text, values.list(args.get(0, "iterable", None.NONE)));
      case "format" -> new Formats(meter, values).format(text, args);
      case "isalnum" -> all(text, Character::isLetterOrDigit);
      case "isalpha" -> all(text, Character::isLetter);
      case "isdecimal", "isdigit", "isnumeric" -> all(text, Character::isDigit);
      case "isspace" -> all(text, Texts::isBlank);
      case "islower" -> Conditions.isCase(text, true);
      case "isupper" -> Conditions.isCase(text, false);
      default -> text.equals(Texts.title(text, "")) && !text.isEmpty();
    };
  }

  private static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }

  private String padded(String text, Args args, String align) {
    String fill = string(args.get(1, "fillchar", " "));
    if (Texts.length(fill) != 1) {
      throw meter.fault("what fills a text is one character");
    }
    long width = values.whole(args.get(0, "width", 0L));
    return new Formats(meter, values).padded(text, width, align, fill);
  }

  private static String swapped(String text) {
    var swapped = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c))
        .forEach(swapped::appendCodePoint);
    return swapped.toString();
  }

  private String string(Object value) {
    if (value instanceof String text) {
      return text;
    }
    values.defined(value);
    throw meter.fault("a str is needed, not " + Values.told(value));
  }

  private String part(Args args) {
    return string(args.get(0, "sub", None.NONE));
  }

  private String searched(String text, Args args) {
    String part = string(args.get(0, "old", None.NONE));
    meter.searched(text, part);
    return part;
  }

  /** Empty: blanks. */
  private String separator(String text, Args args) {
    Object separator = args.get(0, "sep", None.NONE);
    if (separator == None.NONE) {
      return "";
    }
    if (separator.equals("")) {
      throw meter.fault("what splits a text is empty");
    }
    meter.searched(text, string(separator));
    return string(separator);
  }

  private int most(Args args) {
    return (int) values.whole(args.get(1, "maxsplit", -1L));
  }

  String strip(String text, Args args, boolean start, boolean end) {
    Object characters = args.get(0, "chars", None.NONE);
    if (characters == None.NONE) {
      return Texts.strip(text, "", start, end);
    }
    String those = string(characters);
    meter.searched(text, those);
    return those.isEmpty() ? text : Texts.strip(text, those, start, end);
  }

  private boolean any(Args args, Predicate<String> test) {
    Object given = args.get(0, "prefix", None.NONE);
    return given instanceof Tuple parts
        ? parts.stream().anyMatch(each -> test.test(string(each)))
        : test.test(string(given));
  }

  private long found(String text, int index) {
    if (index < 0) {
      throw meter.fault("a text does not have the part whose index is asked for");
    }
    return Texts.index(text, index);
  }

  private static long count(String text, String part) {
    if (part.isEmpty()) {
      return Texts.length(text) + 1L;
    }
    long count = 0;
    for (int i = text.indexOf(part); i >= 0; i = text.indexOf(part, i + part.length())) {
      count++;
    }
    return count;
  }

  /**
   * @param most less than 0: all
   */
  String replaced(String text, String old, String by, long most) {
    long count = most < 0 ? count(text, old) : Math.min(most, count(text, old));
    meter.made(text.length() + count * by.length());
    var replaced = new StringBuilder();
    int from = 0;
    for (long i = 0; i < count; i++) {
      int at = text.indexOf(old, from);
      if (old.isEmpty() && i > 0) {
        at = text.offsetByCodePoints(from, 1);
      }
      replaced.append(text, from, at).append(by);
      from = at + old.length();
    }
    return replaced.append(text, from, text.length()).toString();
  }

  String joined(String between, List<Object> parts) {
    var text = new Output(meter);
    String before = "";
    for (Object part : parts) {
      text.append(before).append(string(part));
      before = between;
    }
    return text.toString();
  }
}
