package dev.penstock.admin;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The fields of a form or a query, as browsers send them. Of several of a name, the first. */
final class Form {
  private final Map<String, String> fields = new HashMap<>();

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
      form.fields.putIfAbsent(decode(name), decode(value));
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

  /** A field's value; empty: there is none. */
  String get(String name) {
    return fields.getOrDefault(name, "");
  }
}
