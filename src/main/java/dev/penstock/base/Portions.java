package dev.penstock.base;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/** Long lists in parts of which none is too much for who takes them. */
public final class Portions {
  private Portions() {}

  public static <T> List<List<T>> of(List<T> all, int most) {
    return of(all, most, _ -> 0, 0);
  }

  /**
   * Parts of at most so many bytes too, but always of one.
   *
   * @param size bytes of one
   */
  public static <T> List<List<T>> of(List<T> all, int most, ToLongFunction<T> size, long bytes) {
    List<List<T>> parts = new ArrayList<>();
    int from = 0;
    long used = 0;
    for (int i = 0; i < all.size(); i++) {
      long next = size.applyAsLong(all.get(i));
      if (i > from && (i - from == most || used + next > bytes)) {
        parts.add(all.subList(from, i));
        from = i;
        used = 0;
      }
      used += next;
    }
    if (from < all.size()) {
      parts.add(all.subList(from, all.size()));
    }
    return parts;
  }
}
