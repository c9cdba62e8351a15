package dev.penstock.templates;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's ways of cutting a text into parts. */
final class Splitting {
  private static final String LINE_ENDS = "\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029";

  private Splitting() {}

  /**
   * @param separator empty: blanks, any number of them
   * @param most cuts at the most; less than 0: any number
   */
  static List<Object> split(String text, String separator, int most, Meter meter) {
    List<Object> parts = new ArrayList<>();
    int from = separator.isEmpty() ? pastBlanks(text, 0) : 0;
    while (most < 0 || parts.size() < most) {
      int cut = separator.isEmpty() ? blank(text, from) : text.indexOf(separator, from);
      if (cut < 0) {
        break;
      }
      meter.madeElements(1);
      parts.add(text.substring(from, cut));
      from = separator.isEmpty() ? pastBlanks(text, cut) : cut + separator.length();
    }
    String rest = text.substring(from);
    if (!separator.isEmpty() || !rest.isEmpty()) {
      parts.add(rest);
    }
    return parts;
  }

  private static int pastBlanks(String text, int from) {
    int at = from;
    while (at < text.length() && Texts.isBlank(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static int blank(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      if (Texts.isBlank(text.charAt(i))) {
        return i;
      }
    }
    return -1;
  }

  /** The same, with the cuts nearest to the end. */
  static List<Object> splitFromEnd(String text, String separator, int most, Meter meter) {
    if (most < 0) {
      return split(text, separator, most, meter);
    }
    // What is cut at its first places when it is read backwards.
    List<Object> parts = new ArrayList<>();
    for (Object part : split(Texts.reversed(text), Texts.reversed(separator), most, meter)) {
      parts.add(Texts.reversed((String) part));
    }
    Collections.reverse(parts);
    return parts;
  }

  static List<Object> lines(String text, boolean ends, Meter meter) {
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      if (LINE_ENDS.indexOf(text.charAt(i)) >= 0) {
        int next = text.startsWith("\r\n", i) ? i + 2 : i + 1;
        meter.madeElements(1);
        lines.add(text.substring(from, ends ? next : i));
        from = next;
        i = next - 1;
      }
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  static Tuple partition(String text, String separator, boolean last) {
    int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) {
      return last ? Tuple.of("", "", text) : Tuple.of(text, "", "");
    }
    return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
  }
}
