package dev.penstock.models;

import dev.penstock.base.Visible;
import dev.penstock.config.YamlNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads typed fields out of one part of a YAML file. A field that is missing or wrong adds a
 * problem and reads as an empty value, so that one pass finds every mistake.
 */
public final class FieldReader {
  private final String file;
  private final String label;
  private final YamlNode.Fields node;
  private final List<String> problems;

  /**
   * @param label what messages call this part; empty: the whole file
   */
  FieldReader(String file, String label, YamlNode.Fields node, List<String> problems) {
    this.file = file;
    this.label = label;
    this.node = node;
    this.problems = problems;
  }

  /** Refuses any other key. */
  public void only(Set<String> known) {
    node.fields()
        .forEach((key, value) -> {
          if (!known.contains(key)) {
            add(
                value.line(),
                "has no key %s; there are %s"
                    .formatted(Visible.quoted(key), String.join(", ", new TreeSet<>(known))));
          }
        });
  }

  /** Empty when it is missing or wrong. */
  public String text(String key, String form, String allowed) {
    String text = scalar(key);
    if (text == null) {
      return "";
    }
    if (!text.matches(form)) {
      problem(key, text, "must be " + allowed);
      return "";
    }
    return text;
  }

  /** An optional list. */
  public List<String> texts(String key, String form, String allowed) {
    List<String> texts = new ArrayList<>();
    for (YamlNode item : node.fields().containsKey(key) ? items(key) : List.<YamlNode>of()) {
      if (item instanceof YamlNode.Scalar scalar && scalar.text().matches(form)) {
        texts.add(scalar.text());
      } else {
        String given = item instanceof YamlNode.Scalar scalar ? scalar.text() : "a list or section";
        add(item.line(), "%s = %s must be %s".formatted(key, Visible.quoted(given), allowed));
      }
    }
    return texts;
  }

  public int whole(String key, int least, int most) {
    String text = scalar(key);
    if (text == null) {
      return least;
    }
    if (text.matches("\\d{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    }
    problem(key, text, "must be a whole number from %d to %d".formatted(least, most));
    return least;
  }

  /** The constant written in lower case. */
  public <E extends Enum<E>> E oneOf(String key, Class<E> type, E instead) {
    String text = scalar(key);
    if (text == null) {
      return instead;
    }
    List<E> constants = Arrays.asList(type.getEnumConstants());
    for (E constant : constants) {
      if (word(constant).equals(text)) {
        return constant;
      }
    }
    problem(
        key,
        text,
        "must be one of "
            + constants.stream().map(FieldReader::word).collect(Collectors.joining(", ")));
    return instead;
  }

  /** Whether it is there. */
  public boolean has(String key) {
    return node.fields().containsKey(key);
  }

  /** An optional field that is one of the names; the first of them where it is missing or wrong. */
  public String word(String key, List<String> known) {
    String text = has(key) ? scalar(key) : null;
    if (text == null || known.contains(text)) {
      return text == null ? known.getFirst() : text;
    }
    problem(key, text, "must be one of " + String.join(", ", known));
    return known.getFirst();
  }

  /**
   * An item of a list: a name, and the keys and values below it.
   *
   * @param name the item's only key
   */
  public record Variant(String name, FieldReader fields) {}

  /** A list that is not empty, each item of which has one of the names as its only key. */
  public List<Variant> variants(String key, Set<String> known) {
    List<Variant> variants = new ArrayList<>();
    List<YamlNode> items = items(key);
    for (YamlNode item : items) {
      if (item instanceof YamlNode.Fields entry
          && entry.fields().size() == 1
          && known.containsAll(entry.fields().keySet())) {
        String name = entry.fields().keySet().iterator().next();
        variants.add(
            new Variant(
                name, new FieldReader(file, label + ": " + key, entry, problems).section(name)));
      } else {
        add(
            item.line(),
            "%s: each item must have one key, of %s, with keys and values below it"
                .formatted(key, String.join(", ", known)));
      }
    }
    YamlNode given = node.fields().get(key);
    if (items.isEmpty()
        && (given instanceof YamlNode.Items
            || (given instanceof YamlNode.Scalar scalar && scalar.text().isEmpty()))) {
      problem(key, "must hold at least one item");
    }
    return variants;
  }

  public List<YamlNode> items(String key) {
    YamlNode value = node.fields().get(key);
    if (value instanceof YamlNode.Items items) {
      return items.items();
    }
    if (value == null) {
      add(node.line(), key + " is missing");
    } else if (!(value instanceof YamlNode.Scalar scalar && scalar.text().isEmpty())) {
      add(value.line(), key + " must be a list");
    }
    return List.of();
  }

  public FieldReader section(String key) {
    YamlNode value = node.fields().get(key);
    if (value instanceof YamlNode.Fields fields) {
      String below = label.isEmpty() ? key : label + ": " + key;
      return new FieldReader(file, below, fields, problems);
    }
    if (value == null) {
      add(node.line(), key + " is missing");
    } else {
      add(value.line(), key + " must be keys and values");
    }
    // Its own fields would only be reported missing again.
    return new FieldReader(
        file, label, new YamlNode.Fields(Map.of(), node.line()), new ArrayList<>());
  }

  /** Texts by key, of which none has to be there. */
  public Map<String, String> optionalSection(String key, Set<String> known) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (node.fields().containsKey(key)) {
      FieldReader section = section(key);
      section.only(known);
      for (String word : section.node.fields().keySet()) {
        String text = section.scalar(word);
        if (text != null) {
          texts.put(word, text);
        }
      }
    }
    return texts;
  }

  /** The same; a text may be empty. */
  Map<String, String> texts(String key, Set<String> known) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (node.fields().containsKey(key)) {
      FieldReader section = section(key);
      section.only(known);
      section
          .node
          .fields()
          .forEach((word, value) -> {
            if (value instanceof YamlNode.Scalar scalar) {
              texts.put(word, scalar.text());
            } else {
              add(value.line(), key + ": " + word + " must be one value");
            }
          });
    }
    return texts;
  }

  /** An optional section, of names and texts of these forms. No message has the texts. */
  public Map<String, String> pairs(String key, String nameForm, String textForm, String allowed) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (node.fields().containsKey(key)) {
      section(key)
          .node
          .fields()
          .forEach((name, value) -> {
            if (name.matches(nameForm)
                && value instanceof YamlNode.Scalar scalar
                && scalar.text().matches(textForm)) {
              texts.put(name, scalar.text());
            } else {
              add(value.line(), "%s: %s must be %s".formatted(key, Visible.quoted(name), allowed));
            }
          });
    }
    return texts;
  }

  public void problem(String key, String value, String message) {
    YamlNode at = node.fields().get(key);
    add(
        at == null ? node.line() : at.line(),
        "%s = %s %s".formatted(key, Visible.quoted(value), message));
  }

  /** What is wrong with a field that is no text. */
  public void problem(String key, String message) {
    YamlNode at = node.fields().get(key);
    add(at == null ? node.line() : at.line(), key + " " + message);
  }

  private @Nullable String scalar(String key) {
    YamlNode value = node.fields().get(key);
    if (value instanceof YamlNode.Scalar scalar) {
      if (!scalar.text().isEmpty()) {
        return scalar.text();
      }
      add(value.line(), key + " is empty");
    } else if (value == null) {
      add(node.line(), key + " is missing");
    } else {
      add(value.line(), key + " must be one value");
    }
    return null;
  }

  private void add(int line, String message) {
    String where = label.isEmpty() ? "" : label + ": ";
    problems.add("%s, line %d: %s%s".formatted(file, line, where, message));
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
