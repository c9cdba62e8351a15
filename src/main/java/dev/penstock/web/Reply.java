package dev.penstock.web;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.penstock.json.StrictJson;
import dev.penstock.json.StrictJson.Writer;
import dev.penstock.task.TaskId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * An answer, whole, before it is written.
 *
 * @param body shared, not copied
 * @param shared whether the program has the body anyway: then a client that reads it slowly costs
 *     no memory
 */
public record Reply(int status, Map<String, String> headers, byte[] body, boolean shared)
    implements Answer {
  private static final String CONTENT_TYPE = "Content-Type";
  private static final int LEAST_PACKED = 1_024;

  /** The headers of JSON. */
  static final Map<String, String> JSON =
      Map.of(CONTENT_TYPE, "application/json", "Cache-Control", "no-store");

  /** Asked for, and not with a weight of nothing. */
  private static final Pattern GZIP =
      Pattern.compile("(?i)(?:^|[,\\s])(?:x-)?gzip\\s*(?:$|,|;\\s*q=(?!0(?:\\.0*)?\\s*(?:,|$)))");

  /** Rendered from a page or an asset, so nobody adds to it from outside. */
  private static final String CSP =
      "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self';"
          + " frame-ancestors 'none'";

  /** One whose body is its own. */
  public Reply(int status, Map<String, String> headers, byte[] body) {
    this(status, headers, body, false);
  }

  /** A file of the program's own. */
  static Reply file(String contentType, byte[] body) {
    return new Reply(200, Map.of(CONTENT_TYPE, contentType), body, true);
  }

  public static Reply json(int status, Writer writer) {
    return json(status, StrictJson.write(writer));
  }

  /** A JSON object of these members. */
  public static Reply object(int status, Writer members) {
    return json(status, StrictJson.object(members));
  }

  /** A list in OpenAI's shape. */
  public static <T> Reply list(Iterable<T> items, ItemWriter<T> writer) {
    return object(
        200,
        json -> {
          json.writeStringField("object", "list");
          json.writeArrayFieldStart("data");
          for (T item : items) {
            writer.write(json, item);
          }
          json.writeEndArray();
        });
  }

  /** Writes one item of a list. */
  public interface ItemWriter<T> {
    void write(JsonGenerator json, T item) throws IOException;
  }

  public static Reply json(int status, byte[] body) {
    return new Reply(status, JSON, body);
  }

  public static Reply html(String page) {
    return of(
            200,
            "text/html; charset=utf-8",
            StrictJson.whole(page).getBytes(StandardCharsets.UTF_8))
        .with("Cache-Control", "no-store")
        .with("Content-Security-Policy", CSP);
  }

  public static Reply text(String contentType, String text) {
    return of(200, contentType, text.getBytes(StandardCharsets.UTF_8))
        .with("Cache-Control", "no-store");
  }

  public static Reply of(int status, String contentType, byte[] body) {
    return new Reply(status, Map.of(CONTENT_TYPE, contentType), body);
  }

  static Reply error(ApiError error) {
    return error(error, null);
  }

  /** The error shape, with the id beside it of a task that goes on. */
  static Reply error(ApiError error, @Nullable TaskId task) {
    Reply reply =
        object(
            error.status(),
            json -> {
              if (task != null) {
                json.writeStringField("id", task.value());
              }
              writeError(json, error);
            });
    return (task == null ? reply : reply.with("X-Task-Id", task.value())).with(error);
  }

  /** The member {@code error}: always all four keys. */
  public static void writeError(JsonGenerator json, ApiError error) throws IOException {
    json.writeObjectFieldStart("error");
    json.writeStringField("message", StrictJson.whole(error.message()));
    json.writeStringField("type", error.type());
    String param = error.param();
    json.writeStringField("param", param == null ? null : StrictJson.whole(param));
    json.writeStringField("code", error.code());
    json.writeEndObject();
  }

  /** The headers that go with an error. */
  public Reply with(ApiError error) {
    Reply reply =
        switch (error.again()) {
          case NEVER -> with("x-should-retry", "false");
          case SOON -> with("Retry-After", "1");
          case LATER -> with("Retry-After", "5");
          case UNSAID -> this;
        };
    return error.status() == 401
        ? reply.with("WWW-Authenticate", "Bearer realm=\"Penstock\"")
        : reply;
  }

  /**
   * The same in gzip, for who asks for that, where it is JSON and worth it. Pages are left as they
   * are: how long they get would tell something of the secrets in them.
   *
   * @param encodings what the client reads; null: nothing in particular
   */
  Reply packedFor(@Nullable String encodings) {
    boolean worth =
        body.length >= LEAST_PACKED && "application/json".equals(headers.get(CONTENT_TYPE));
    if (!worth || !packs(encodings)) {
      return worth ? with("Vary", "Accept-Encoding") : this;
    }
    var packed = new ByteArrayOutputStream(body.length / 2);
    try (var out = new Gzip(packed)) {
      out.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return new Reply(status, headers, packed.toByteArray())
        .with("Content-Encoding", "gzip")
        .with("Vary", "Accept-Encoding");
  }

  /** Whether gzip is asked for. */
  static boolean packs(@Nullable String encodings) {
    return encodings != null && GZIP.matcher(encodings).find();
  }

  /** Quick: vectors get hardly shorter by more effort. */
  static final class Gzip extends GZIPOutputStream {
    Gzip(OutputStream out) throws IOException {
      super(out);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }

  public Reply with(String name, String value) {
    var more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Reply(status, more, body, shared);
  }

  public Reply with(Map<String, String> others) {
    if (others.isEmpty()) {
      return this;
    }
    var more = new LinkedHashMap<>(headers);
    more.putAll(others);
    return new Reply(status, more, body, shared);
  }
}
