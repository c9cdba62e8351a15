package dev.penstock.config;

import dev.penstock.base.Visible;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** The key somebody meant. */
final class NearestKey {
  /** One character in so many may be wrong: a key further away was not meant. */
  private static final int ONE_WRONG_IN = 3;

  private NearestKey() {}

  static String unknown(String key, String origin, Collection<String> known) {
    return Visible.quoted(key)
        + " ("
        + origin
        + "): no such key"
        + nearest(key, known).map(near -> "; the nearest is " + near).orElse("");
  }

  private static Optional<String> nearest(String key, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt((String other) -> distance(key, other)))
        .filter(near -> near(key, near));
  }

  /** Also where a section was made of a key that has a value. */
  private static boolean near(String key, String other) {
    return distance(key, other) <= key.length() / ONE_WRONG_IN || key.startsWith(other + ".");
  }

  /** Levenshtein's: characters to add, drop or change. */
  private static int distance(String a, String b) {
    int[] above = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above[j], row[j - 1]) + 1);
      }
      above = row;
    }
    return above[b.length()];
  }
}
