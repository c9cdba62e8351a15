package dev.penstock.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Writes U+FFFD in place of half a surrogate pair, at which a generator of UTF-8 throws: a
 * handler's metadata may have one, or a text that was cut.
 */
final class WholeText extends JsonGeneratorDelegate {
  WholeText(JsonGenerator json) {
    super(json, false); // what is copied passes here too
  }

  @Override
  public void writeFieldName(String name) throws IOException {
    super.writeFieldName(StrictJson.whole(name));
  }

  @Override
  public void writeString(@Nullable String text) throws IOException {
    super.writeString(text == null ? null : StrictJson.whole(text));
  }
}
