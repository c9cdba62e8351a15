package dev.penstock.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import dev.penstock.json.JsonMappers;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The beginning of a JSON text in lines. What comes behind is not even read: indented, a few deep
 * kilobytes are a hundred megabytes.
 */
final class PrettyStart extends Writer {
  private static final DefaultPrettyPrinter LINES =
      new DefaultPrettyPrinter(
              Separators.createDefaultInstance().withObjectFieldValueSpacing(Spacing.AFTER))
          .withObjectIndenter(new DefaultIndenter("  ", "\n"))
          .withArrayIndenter(new DefaultIndenter("  ", "\n"));

  private final int most;
  private final StringBuilder text = new StringBuilder();

  private PrettyStart(int most) {
    this.most = most;
  }

  /** There is enough of it. */
  static final class Full extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * At most so many characters of it; null: it is no JSON, as far as that was read.
   *
   * @param json not long: a text in it is read whole
   */
  static @Nullable String of(byte[] json, int most) {
    var start = new PrettyStart(most);
    String raw = new String(json, StandardCharsets.UTF_8);
    try (JsonParser parser = JsonMappers.PLAIN.createParser(raw)) {
      JsonGenerator lines = JsonMappers.PLAIN.createGenerator(start);
      lines.setPrettyPrinter(LINES.createInstance());
      if (parser.nextToken() != null) {
        lines.copyCurrentStructure(parser);
      }
      lines.flush();
    } catch (Full _) {
      // what was wanted is there
    } catch (IOException e) {
      return null;
    }
    return start.text.toString();
  }

  @Override
  public void write(char[] characters, int from, int length) throws Full {
    text.append(characters, from, Math.min(length, most - text.length()));
    if (text.length() == most) {
      throw new Full();
    }
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
