package dev.penstock.web;

import dev.penstock.base.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;

/** A file inside the program, served as it is. The name is ours: no request becomes a path. */
public final class Assets {
  private static final String WEBJARS = "META-INF/resources/webjars/";
  public static final String SWAGGER_UI = WEBJARS + "swagger-ui/5.34.1/";
  public static final String PICO = WEBJARS + "picocss__pico/2.1.1/css/";
  public static final String HTMX = WEBJARS + "htmx.org/2.0.10/dist/";
  public static final String OURS = "webroot/";
  private static final int ETAG_BYTES = 12;

  private Assets() {}

  /**
   * Answers with the file, or with 304 to a client that has it. Fails at start where it is missing.
   */
  public static Route.Resource file(String name, String contentType) {
    return of(read(name), contentType);
  }

  /** The same with bytes that are no file's. */
  public static Route.Resource of(byte[] bytes, String contentType) {
    String tag =
        "\"" + HexFormat.of().formatHex(Digests.sha256().digest(bytes), 0, ETAG_BYTES) + "\"";
    Reply whole =
        Reply.file(contentType, bytes).with("ETag", tag).with("Cache-Control", "no-cache");
    Reply known =
        Reply.of(304, contentType, new byte[0]).with("ETag", tag).with("Cache-Control", "no-cache");
    return exchange -> tag.equals(exchange.header("If-None-Match")) ? known : whole;
  }

  public static byte[] read(String name) {
    try (InputStream in = Assets.class.getClassLoader().getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the program lacks its file " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
