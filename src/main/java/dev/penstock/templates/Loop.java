package dev.penstock.templates;

import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What {@code loop} is in a loop's body. */
final class Loop {
  private final List<Object> items;
  private final int depth;
  private final Function<Object, Object> again;
  private final Values values;
  private int index;
  private @Nullable Tuple lastSeen;

  /**
   * @param again the same loop's text for other elements
   */
  Loop(List<Object> items, int depth, Function<Object, Object> again, Values values) {
    this.items = items;
    this.depth = depth;
    this.again = again;
    this.values = values;
  }

  void at(int newIndex) {
    index = newIndex;
  }

  Object again(Object others) {
    return again.apply(others);
  }

  Object attribute(String name) {
    long size = items.size();
    return switch (name) {
      case "index" -> index + 1L;
      case "index0" -> (long) index;
      case "revindex" -> size - index;
      case "revindex0" -> size - index - 1;
      case "first" -> index == 0;
      case "last" -> index == size - 1;
      case "length" -> size;
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" ->
          index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
      case "nextitem" ->
          index + 1 < size ? items.get(index + 1) : new Undefined("there is no next item");
      case "cycle" ->
          (Routine)
              args ->
                  args.positional().isEmpty()
                      ? new Undefined("'cycle' has nothing to choose from")
                      : args.positional().get(index % args.positional().size());
      case "changed" -> (Routine) args -> changed(new Tuple(args.positional()));
      default -> new Undefined("'loop' has no '" + name + "'");
    };
  }

  private boolean changed(Tuple seen) {
    boolean changed = lastSeen == null || !values.same(lastSeen, seen);
    lastSeen = seen;
    return changed;
  }
}
