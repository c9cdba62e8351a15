package dev.penstock.templates;

import java.util.List;
import java.util.Map;

/** What a call was given, worked out. */
record Args(List<Object> positional, Map<String, Object> named) {
  static final Args NONE = new Args(List.of(), Map.of());

  boolean has(int at, String name) {
    return at < positional.size() || named.containsKey(name);
  }

  Object get(int at, String name, Object otherwise) {
    return at < positional.size() ? positional.get(at) : named.getOrDefault(name, otherwise);
  }

  boolean flag(int at, String name) {
    return Values.truth(get(at, name, false));
  }

  Args from(int at) {
    return new Args(positional.subList(Math.min(at, positional.size()), positional.size()), named);
  }
}
