package dev.penstock.engine.chat;

import dev.penstock.core.InvalidInput;
import dev.penstock.json.StrictJson;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a schema says and no grammar holds: refused where it is strict, else kept to be told. */
final class Unheld {
  private static final int MOST = 50;

  private final String param;
  private final boolean strict;
  private final Set<String> loosened = new LinkedHashSet<>();

  Unheld(String param, boolean strict) {
    this.param = param;
    this.strict = strict;
  }

  String param() {
    return param;
  }

  /** Goes on without a keyword of the schema at that place. */
  void loosen(String at, String keyword) {
    if (strict) {
      throw new InvalidInput(
          param,
          "The schema's keyword %s at %s cannot be held; without 'strict' it is left out."
              .formatted(StrictJson.quote(keyword), StrictJson.quote(at)));
    }
    if (loosened.size() < MOST) {
      loosened.add(at + "/" + keyword);
    }
  }

  InvalidInput bad(String at, String problem) {
    return new InvalidInput(param, "The schema at %s %s.".formatted(StrictJson.quote(at), problem));
  }

  List<String> loosened() {
    return List.copyOf(loosened);
  }
}
