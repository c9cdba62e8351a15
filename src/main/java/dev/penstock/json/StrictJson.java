package dev.penstock.json;

import static dev.penstock.json.JsonMappers.MAX_DEPTH;
import static dev.penstock.json.JsonMappers.MAX_KEY;
import static dev.penstock.json.JsonMappers.MAX_NUMBER;
import static dev.penstock.json.JsonMappers.STRICT;
import static dev.penstock.json.JsonMappers.UNREAD;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.core.InvalidInput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads JSON from strangers, within limits, and writes ours. */
public final class StrictJson {
  private static final int MAX_QUOTED = 100;
  private static final int BUFFER = 1_024;
  private static final int PORTION = 8_192;
  private static final int MILLI_DIGITS = 3;
  private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  /** What stands in the place of an escape that means nothing: as long as that one. */
  private static final String REPLACEMENT = "\\ufffd";

  private static final byte[] REPLACEMENT_BYTES = REPLACEMENT.getBytes(StandardCharsets.US_ASCII);

  private static final int ESCAPE = REPLACEMENT.length();

  /** For a value among others. */
  private static final ObjectReader PART =
      STRICT.readerFor(JsonNode.class).without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Writes one value. */
  @FunctionalInterface
  public interface Writer {
    void write(JsonGenerator json) throws IOException;
  }

  private StrictJson() {}

  /**
   * One JSON value, all of it fit to be written again: UTF-8 without holes, keys unique, finite
   * numbers, U+FFFD in place of half characters.
   *
   * @throws InvalidInput with the place but never the text
   */
  public static JsonNode parse(byte[] body) {
    JsonNode value = read(body);
    check(value);
    return value;
  }

  /**
   * The same, of somebody whose slips in a text are not to cost him what else he says: halves of
   * surrogate pairs, and what is not UTF-8, are U+FFFD. Numbers may be out of range.
   */
  public static JsonNode mended(byte[] body) {
    JsonNode value = read(mendedUtf8(body));
    return fit(value) ? value : mended(value);
  }

  private static boolean fit(JsonNode value) {
    try {
      check(value);
      return true;
    } catch (InvalidInput e) {
      return false;
    }
  }

  private static JsonNode mended(JsonNode node) {
    return switch (node.getNodeType()) {
      case STRING -> nodes().textNode(whole(node.textValue()));
      case OBJECT -> {
        ObjectNode object = nodes().objectNode();
        node.properties()
            .forEach(each -> object.set(whole(each.getKey()), mended(each.getValue())));
        yield object;
      }
      case ARRAY -> {
        ArrayNode array = nodes().arrayNode(node.size());
        node.forEach(each -> array.add(mended(each)));
        yield array;
      }
      case BINARY, BOOLEAN, MISSING, NULL, NUMBER, POJO -> node;
    };
  }

  private static JsonNode read(byte[] body) {
    if (body.length == 0) {
      throw new InvalidInput("The body is empty; JSON is expected.");
    }
    JsonNode value;
    try (JsonParser parser = strangers(body)) {
      if (parser == null) {
        throw new InvalidInput("The body is not valid UTF-8.");
      }
      value = STRICT.readerFor(JsonNode.class).readValue(parser);
    } catch (StreamConstraintsException e) {
      throw new InvalidInput(
          "The body breaks a limit%s: at most %d levels, %d characters a number, %d characters a key."
              .formatted(at(e), MAX_DEPTH, MAX_NUMBER, MAX_KEY));
    } catch (JsonProcessingException e) {
      // The only one of the parser's own sentences that is about content rather than form.
      boolean twice = String.valueOf(e.getOriginalMessage()).startsWith("Duplicate field");
      String problem = twice ? "The body repeats a key" : "The body is not valid JSON";
      throw new InvalidInput(problem + at(e) + ".");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (value == null || value.isMissingNode()) {
      throw new InvalidInput("The body is empty; JSON is expected.");
    }
    return value;
  }

  /**
   * A parser for JSON from strangers, within our limits, with U+FFFD in place of half characters;
   * null: it is not UTF-8.
   */
  public static @Nullable JsonParser strangers(byte[] body) throws IOException {
    try {
      CharBuffer text = utf8(body);
      makeWhole(text.array(), text.limit());
      return STRICT.createParser(text.array(), 0, text.limit());
    } catch (CharacterCodingException e) {
      return null;
    }
  }

  /** The value that a parser has come to, and no more of what is there. */
  public static JsonNode part(JsonParser parser) throws IOException {
    return PART.readValue(parser);
  }

  /** The bytes as they are where they are UTF-8; else what is not is U+FFFD. */
  public static byte[] mendedUtf8(byte[] body) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer bytes = ByteBuffer.wrap(body);
    CharBuffer some = CharBuffer.allocate(PORTION);
    CoderResult result = CoderResult.OVERFLOW;
    while (result.isOverflow()) {
      result = decoder.decode(bytes, some.clear(), true);
    }
    return result.isError()
        ? new String(body, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8)
        : body;
  }

  /** Without the mark that some editors put before a text in UTF-8. */
  private static CharBuffer utf8(byte[] body) throws CharacterCodingException {
    boolean marked =
        body.length >= MARK.length && Arrays.equals(body, 0, MARK.length, MARK, 0, MARK.length);
    int from = marked ? MARK.length : 0;
    return StandardCharsets.UTF_8
        .newDecoder()
        .decode(ByteBuffer.wrap(body, from, body.length - from));
  }

  /**
   * Puts U+FFFD in place of each escape that is half of a surrogate pair: JSON can say that, and
   * nothing else can. Whether it is JSON does not matter here.
   */
  private static boolean makeWhole(char[] json, int end) {
    boolean changed = false;
    for (int i = 0; i < end; i++) {
      if (json[i] != '\\') {
        continue;
      }
      int unit = escaped(json, i, end);
      if (unit < 0 || !Character.isSurrogate((char) unit)) {
        i++; // what is escaped may be a backslash
        continue;
      }
      int next = escaped(json, i + ESCAPE, end);
      if (Character.isHighSurrogate((char) unit)
          && next >= 0
          && Character.isLowSurrogate((char) next)) {
        i += 2 * ESCAPE - 1;
      } else {
        REPLACEMENT.getChars(0, ESCAPE, json, i);
        i += ESCAPE - 1;
        changed = true;
      }
    }
    return changed;
  }

  /** The UTF-16 unit that an escape there stands for; less than 0: there is no such escape. */
  private static int escaped(char[] json, int at, int end) {
    if (at + ESCAPE > end || json[at] != '\\' || json[at + 1] != 'u') {
      return -1;
    }
    int unit = 0;
    for (int i = at + 2; i < at + ESCAPE; i++) {
      int digit = json[i] < 0x80 ? Character.digit(json[i], 16) : -1;
      if (digit < 0) {
        return -1;
      }
      unit = 16 * unit + digit;
    }
    return unit;
  }

  /**
   * A body with one member taken out of it.
   *
   * @param rest the body with null in the member's place, not parsed yet
   * @param member the member as it was sent: one JSON value, but in none of our limits; empty:
   *     there is none
   */
  public record Apart(byte[] rest, byte[] member) {}

  /** Takes out a member that is to be kept byte for byte. What cannot be read stays whole. */
  public static Apart apart(byte[] body, String name) {
    CharBuffer text;
    try {
      text = utf8(body);
    } catch (CharacterCodingException e) {
      return new Apart(body, new byte[0]);
    }
    try (JsonParser parser = UNREAD.createParser(text.array(), 0, text.limit())) {
      parser.nextToken();
      for (String each = parser.nextFieldName(); each != null; each = parser.nextFieldName()) {
        parser.nextToken();
        int start = (int) parser.currentTokenLocation().getCharOffset();
        parser.finishToken(); // strings are read when they are asked for
        parser.skipChildren();
        if (each.equals(name)) {
          int end = (int) parser.currentLocation().getCharOffset();
          String rest = text.subSequence(0, start) + " null " + text.subSequence(end, text.limit());
          return new Apart(
              rest.getBytes(StandardCharsets.UTF_8),
              text.subSequence(start, end).toString().strip().getBytes(StandardCharsets.UTF_8));
        }
      }
    } catch (JsonProcessingException e) {
      // Whoever parses it says what is wrong.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Apart(body, new byte[0]);
  }

  /**
   * The values of an array, each as it was sent.
   *
   * @throws InvalidInput when it is no array
   */
  public static List<byte[]> elements(byte[] array) {
    return elements(array, Integer.MAX_VALUE);
  }

  /**
   * The values of a body that is one list, each as it was sent and not parsed yet, so that what is
   * wrong with one is said of that one; null: it is something else, or no JSON.
   *
   * @param most one more than that are the last
   */
  public static @Nullable List<byte[]> list(byte[] body, int most) {
    int i = 0;
    while (i < body.length && Character.isWhitespace(body[i])) {
      i++;
    }
    if (i == body.length || body[i] != '[') {
      return null;
    }
    try {
      return elements(body, most);
    } catch (InvalidInput e) {
      return null;
    }
  }

  private static List<byte[]> elements(byte[] array, int most) {
    List<byte[]> elements = new ArrayList<>();
    try {
      CharBuffer text = utf8(array);
      try (JsonParser parser = UNREAD.createParser(text.array(), 0, text.limit())) {
        if (parser.nextToken() != JsonToken.START_ARRAY) {
          throw new InvalidInput("An array is expected.");
        }
        for (JsonToken each = parser.nextToken();
            each != JsonToken.END_ARRAY;
            each = parser.nextToken()) {
          if (each == null) {
            throw new InvalidInput("An array is expected.");
          }
          if (elements.size() > most) {
            return elements;
          }
          int start = (int) parser.currentTokenLocation().getCharOffset();
          parser.finishToken(); // strings are read when they are asked for
          parser.skipChildren();
          int end = (int) parser.currentLocation().getCharOffset();
          String value = text.subSequence(start, end).toString().strip();
          elements.add(value.getBytes(StandardCharsets.UTF_8));
        }
        if (parser.nextToken() != null) {
          throw new InvalidInput("An array is expected.");
        }
      }
    } catch (IOException e) {
      throw new InvalidInput("An array is expected.");
    }
    return elements;
  }

  private static String at(JsonProcessingException e) {
    JsonLocation place = e.getLocation();
    return place == null
        ? ""
        : " (line %d, column %d)".formatted(place.getLineNr(), place.getColumnNr());
  }

  /** Refuses what Java can hold but JSON cannot say again. Depth is bounded by now. */
  public static void check(JsonNode node) {
    switch (node.getNodeType()) {
      case NUMBER -> {
        if (node.isDouble() && !Double.isFinite(node.doubleValue())) {
          throw new InvalidInput("The body has a number out of range.");
        }
      }
      case OBJECT, ARRAY -> node.forEach(StrictJson::check);
      case BINARY, BOOLEAN, MISSING, NULL, POJO, STRING -> {}
    }
  }

  public static byte[] write(Writer writer) {
    return write(BUFFER, writer);
  }

  /** An object of these members. */
  public static byte[] object(Writer members) {
    return write(json -> {
      json.writeStartObject();
      members.write(json);
      json.writeEndObject();
    });
  }

  /**
   * JSON as bytes.
   *
   * @param expected about how many bytes it will be
   */
  public static byte[] write(int expected, Writer writer) {
    var bytes = new ByteArrayOutputStream(expected);
    try (JsonGenerator json = STRICT.createGenerator(bytes)) {
      writer.write(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail: the value was not writable
    }
    return bytes.toByteArray();
  }

  /**
   * JSON into a stream, which is closed. What is left of it where something fails is not written.
   */
  public static void write(OutputStream out, Writer writer) throws IOException {
    JsonGenerator json = STRICT.createGenerator(out);
    writer.write(json);
    json.close();
  }

  /**
   * Writes a value that is JSON in UTF-8 already, without making a text of all of it. What is no
   * UTF-8 is U+FFFD.
   */
  public static void writeRaw(JsonGenerator json, byte[] value) throws IOException {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    ByteBuffer bytes = ByteBuffer.wrap(value);
    CharBuffer some = CharBuffer.allocate(Math.min(PORTION, Math.max(2, value.length)));
    json.writeRawValue(""); // what goes before a value
    boolean more = true;
    while (more) {
      more = decoder.decode(bytes, some, true).isOverflow() || decoder.flush(some).isOverflow();
      json.writeRaw(some.array(), 0, some.position());
      some.clear();
    }
  }

  /**
   * Writes a value so that equal values are equal bytes: members in the order of their names,
   * numbers in their shortest form.
   */
  public static void writeCanonical(OutputStream out, JsonNode value) {
    try (JsonGenerator json = STRICT.createGenerator(out)) {
      writeCanonical(json, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeCanonical(JsonGenerator json, JsonNode value) throws IOException {
    switch (value.getNodeType()) {
      case OBJECT -> {
        json.writeStartObject();
        var members = new TreeMap<String, JsonNode>();
        value.properties().forEach(member -> members.put(member.getKey(), member.getValue()));
        for (var member : members.entrySet()) {
          json.writeFieldName(member.getKey());
          writeCanonical(json, member.getValue());
        }
        json.writeEndObject();
      }
      case ARRAY -> {
        json.writeStartArray();
        for (JsonNode item : value) {
          writeCanonical(json, item);
        }
        json.writeEndArray();
      }
      case NUMBER -> json.writeNumber(value.decimalValue().stripTrailingZeros().toString());
      case BINARY, BOOLEAN, MISSING, NULL, POJO, STRING -> json.writeTree(value);
    }
  }

  /** A time, or how long something takes, in seconds: 1.500 and 1700000000.000. */
  public static void writeSeconds(JsonGenerator json, String name, long millis) throws IOException {
    json.writeNumberField(name, BigDecimal.valueOf(millis, MILLI_DIGITS));
  }

  /** A parser for JSON of our own. */
  public static JsonParser parser(byte[] json) throws IOException {
    return STRICT.createParser(json);
  }

  public static JsonNodeFactory nodes() {
    return STRICT.getNodeFactory();
  }

  /** The text with U+FFFD in place of each half of a surrogate pair, as cutting leaves them. */
  public static String whole(String text) {
    char[] whole = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isHighSurrogate(c)
            && i + 1 < text.length()
            && Character.isLowSurrogate(text.charAt(i + 1))) {
          i++;
        } else {
          whole = whole == null ? text.toCharArray() : whole;
          whole[i] = '\ufffd';
        }
      }
    }
    return whole == null ? text : new String(whole);
  }

  /** The same of JSON in UTF-8, where such a half is an escape; otherwise as it is. */
  public static byte[] whole(byte[] json) {
    byte[] whole = null;
    for (int i = 0; i + ESCAPE <= json.length; i++) {
      if (json[i] != '\\') {
        continue;
      }
      int unit = escaped(json, i);
      if (unit < 0 || !Character.isSurrogate((char) unit)) {
        i++; // what is escaped may be a backslash
        continue;
      }
      int next = escaped(json, i + ESCAPE);
      if (Character.isHighSurrogate((char) unit)
          && next >= 0
          && Character.isLowSurrogate((char) next)) {
        i += 2 * ESCAPE - 1;
      } else {
        whole = whole == null ? json.clone() : whole;
        System.arraycopy(REPLACEMENT_BYTES, 0, whole, i, ESCAPE);
        i += ESCAPE - 1;
      }
    }
    return whole == null ? json : whole;
  }

  /** As the one of characters. */
  private static int escaped(byte[] json, int at) {
    if (at + ESCAPE > json.length || json[at] != '\\' || json[at + 1] != 'u') {
      return -1;
    }
    int unit = 0;
    for (int i = at + 2; i < at + ESCAPE; i++) {
      int digit = json[i] > 0 ? Character.digit(json[i], 16) : -1;
      if (digit < 0) {
        return -1;
      }
      unit = 16 * unit + digit;
    }
    return unit;
  }

  /** A stranger's word in a message of ours: short, and without control characters. */
  public static String quote(String text) {
    boolean cut = text.length() > MAX_QUOTED;
    String shown = cut ? text.substring(0, MAX_QUOTED) : text;
    return "'" + shown.replaceAll("\\p{C}", "?") + (cut ? "…'" : "'");
  }
}
