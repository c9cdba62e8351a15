package dev.penstock.storage;

import dev.penstock.core.Scope;
import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A set of scopes, or of names without spaces, as one text. */
public final class Scopes {
  private Scopes() {}

  public static String text(Set<Scope> scopes) {
    return scopes.stream().sorted().map(Scope::json).collect(Collectors.joining(" "));
  }

  public static Set<Scope> of(String text) {
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    for (String word : text.split(" ", -1)) {
      scopes.add(
          Scope.of(word).orElseThrow(() -> new IllegalStateException("no such scope: " + word)));
    }
    return scopes;
  }

  /** Null: there are none. */
  public static @Nullable String ofNames(Set<String> names) {
    return names.isEmpty() ? null : String.join(" ", new TreeSet<>(names));
  }

  public static Set<String> names(@Nullable String text) {
    return text == null ? Set.of() : Set.of(text.split(" ", -1));
  }
}
