package dev.penstock.admin;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The fields of a form or a query, as browsers send them. Of several of a name, the first. */
final class Form {
  private final Map<String, String> fields = new HashMap<>();
  private final Set<String> repeated = new HashSet<>();

  private Form() {}

  static Form of(byte[] body) {
    return of(new String(body, StandardCharsets.UTF_8));
  }

  static Form of(String encoded) {
    var form = new Form();
    for (String pair : encoded.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      String value = equals < 0 ? "" : pair.substring(equals + 1);
      if (form.fields.putIfAbsent(decode(name), decode(value)) != null) {
        form.repeated.add(decode(name));
      }
    }
    return form;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text; // a stray percent sign stands for itself
    }
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** What its fields are called; a pair without a name is none. */
  Set<String> names() {
    Set<String> names = new TreeSet<>(fields.keySet());
    names.remove("");
    return names;
  }

  boolean repeats(String name) {
    return repeated.contains(name);
  }

  /** A field's value; empty: there is none. */
  String get(String name) {
    return fields.getOrDefault(name, "");
  }
}
