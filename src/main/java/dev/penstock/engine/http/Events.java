package dev.penstock.engine.http;

import dev.penstock.engine.BackendTrouble;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The data of server-sent events. Their names, ids and comments are passed over. */
final class Events {
  private static final String DATA = "data";

  private final Lines lines;

  Events(Lines lines) {
    this.lines = lines;
  }

  /** That of the next event that has any; null: there is none. */
  @Nullable String next() throws BackendTrouble, IOException, InterruptedException {
    StringBuilder data = null;
    for (String line = lines.next(); line != null; line = lines.next()) {
      if (line.isEmpty() && data != null) {
        return data.toString();
      }
      int colon = line.indexOf(':');
      if (DATA.equals(colon < 0 ? line : line.substring(0, colon))) {
        String value = colon < 0 ? "" : line.substring(colon + 1);
        data = data == null ? new StringBuilder() : data.append('\n');
        data.append(value.startsWith(" ") ? value.substring(1) : value);
        if (data.length() > Lines.LONGEST) {
          throw BackendTrouble.other(
              "it sent an event of more than " + Lines.LONGEST + " characters");
        }
      }
    }
    return data == null ? null : data.toString(); // some leave out the last empty line
  }
}
