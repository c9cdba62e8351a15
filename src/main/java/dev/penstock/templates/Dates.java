package dev.penstock.templates;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** Dates in the words of C's {@code strftime}. */
final class Dates {
  private static final Map<Character, String> PATTERNS =
      Map.ofEntries(
          Map.entry('a', "EEE"),
          Map.entry('A', "EEEE"),
          Map.entry('b', "MMM"),
          Map.entry('B', "MMMM"),
          Map.entry('c', "EEE MMM ppd HH:mm:ss yyyy"),
          Map.entry('d', "dd"),
          Map.entry('D', "MM/dd/yy"),
          Map.entry('e', "ppd"),
          Map.entry('f', "SSSSSS"),
          Map.entry('F', "yyyy-MM-dd"),
          Map.entry('H', "HH"),
          Map.entry('I', "hh"),
          Map.entry('j', "DDD"),
          Map.entry('m', "MM"),
          Map.entry('M', "mm"),
          Map.entry('p', "a"),
          Map.entry('R', "HH:mm"),
          Map.entry('S', "ss"),
          Map.entry('T', "HH:mm:ss"),
          Map.entry('x', "MM/dd/yy"),
          Map.entry('X', "HH:mm:ss"),
          Map.entry('y', "yy"),
          Map.entry('Y', "yyyy"));

  private Dates() {}

  /** What is no directive stands as it is. */
  static String written(LocalDateTime time, String format) {
    var text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      boolean bare = c == '%' && i + 2 < format.length() && format.charAt(i + 1) == '-';
      int at = i + (bare ? 2 : 1);
      String pattern = c == '%' && at < format.length() ? PATTERNS.get(format.charAt(at)) : null;
      if (pattern != null) {
        String part = DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
        text.append(bare && part.length() > 1 ? part.replaceFirst("^0+(?=.)", "") : part);
        i = at;
      } else {
        text.append(c);
        // What follows a percent sign that stands for itself is no directive.
        i += c == '%' && at < format.length() && format.charAt(at) == '%' ? 1 : 0;
      }
    }
    return text.toString();
  }
}
