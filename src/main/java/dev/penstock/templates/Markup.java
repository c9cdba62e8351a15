package dev.penstock.templates;

/**
 * A text that {@code safe} or {@code escape} gave. It is as any other, but for this: what {@code +}
 * joins it with is escaped as in HTML. That is seldom meant, and yet what models are used to.
 */
record Markup(String text) {
  static Object plain(Object value) {
    return value instanceof Markup markup ? markup.text : value;
  }

  static Markup escaped(String text) {
    return new Markup(
        text.replace("&", "&amp;")
            .replace(">", "&gt;")
            .replace("<", "&lt;")
            .replace("'", "&#39;")
            .replace("\"", "&#34;"));
  }
}
