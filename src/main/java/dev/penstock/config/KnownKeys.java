package dev.penstock.config;

import java.util.Collection;
import java.util.Comparator;

/** Finds the key somebody meant. */
final class KnownKeys {

  private KnownKeys() {}

  static String unknown(String key, String origin, Collection<String> known) {
    return Visible.quoted(key)
        + " ("
        + origin
        + "): no such key; the nearest is "
        + nearest(key, known);
  }

  static String nearest(String key, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingInt((String other) -> distance(key, other)))
        .orElseThrow();
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
