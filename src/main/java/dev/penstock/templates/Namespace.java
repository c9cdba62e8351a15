package dev.penstock.templates;

import java.util.HashMap;
import java.util.Map;

/** The one value that a template can change: what is set in it is seen outside of a loop. */
final class Namespace {
  private final Map<String, Object> fields = new HashMap<>();

  Object get(String name) {
    Object value = fields.get(name);
    return value == null ? new Undefined("the namespace has no field '" + name + "'") : value;
  }

  void set(String name, Object value) {
    fields.put(name, value);
  }
}
