package dev.penstock.base;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map of so many entries, which forgets the oldest for a new one. Not thread-safe. */
public final class Newest<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1L;
  private static final int CAPACITY = 16;
  private static final float LOAD = 0.75f;

  private final int most;

  private Newest(int most, boolean byUse) {
    super(CAPACITY, LOAD, byUse);
    this.most = most;
  }

  /** That of the entries that were put in last. */
  public static <K, V> Newest<K, V> put(int most) {
    return new Newest<>(most, false);
  }

  /** That of the entries that were used last: a look is a use. */
  public static <K, V> Newest<K, V> used(int most) {
    return new Newest<>(most, true);
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > most;
  }
}
