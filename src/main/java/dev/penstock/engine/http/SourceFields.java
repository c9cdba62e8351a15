package dev.penstock.engine.http;

import dev.penstock.engine.RouteTerms;
import dev.penstock.engine.http.HttpSource.KeyPlace;
import dev.penstock.engine.http.HttpSource.Limits;
import dev.penstock.models.FieldReader;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Reads a server's entry in models.yaml. */
final class SourceFields {
  private static final String URL = "url";
  private static final String MODEL = "model";
  private static final String KEY_FILE = "key_file";
  private static final String KEY_ENV = "key_env";
  private static final String HEADERS = "headers";
  private static final String PASS = "pass";
  private static final String CONNECT = "connect_seconds";
  private static final String FIRST_BYTE = "first_byte_seconds";
  private static final String IDLE = "idle_seconds";
  static final String KEEP_ALIVE = "keep_alive";

  private static final Set<String> KEYS =
      Set.of(URL, MODEL, KEY_FILE, KEY_ENV, HEADERS, PASS, CONNECT, FIRST_BYTE, IDLE);

  private static final int MOST_SECONDS = 3_600;
  private static final String HINT = "a key comes from key_file or key_env";

  /** What the connection is made of, what says who asks, and what is ours to say. */
  private static final Set<String> OWN_HEADERS =
      Set.of(
          "accept",
          "authorization",
          "connection",
          "content-length",
          "content-type",
          "date",
          "expect",
          "host",
          "http2-settings",
          "keep-alive",
          "proxy-authorization",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "via",
          "x-api-key");

  /** What would have whoever asks choose a server or a key, or what is said by other means. */
  private static final Set<String> NEVER_PASSED =
      Set.of(
          "api_key",
          "api_base",
          "api_type",
          "api_version",
          "base_url",
          "organization",
          "project",
          "headers",
          "extra_headers",
          "extra_query",
          "extra_body",
          "model",
          "messages",
          "prompt",
          "stream",
          "stream_options",
          "n",
          "max_tokens",
          "user",
          "metadata",
          "store");

  private final FieldReader fields;

  SourceFields(FieldReader fields) {
    this.fields = fields;
  }

  HttpSource read(String backend, Set<String> more) {
    var known = new HashSet<>(KEYS);
    known.addAll(RouteTerms.KEYS);
    known.addAll(more);
    fields.only(known);
    return new HttpSource(
        backend,
        url(),
        fields.has(MODEL) ? fields.text(MODEL, "\\S{1,200}", "a name without spaces") : "",
        key(),
        headers(),
        pass(),
        RouteTerms.read(fields),
        new Limits(seconds(CONNECT, 5), seconds(FIRST_BYTE, 120), seconds(IDLE, 60)),
        more.contains(KEEP_ALIVE) && fields.has(KEEP_ALIVE)
            ? fields.text(KEEP_ALIVE, "-?\\d{1,9}[smh]?", "a time such as 10m")
            : "");
  }

  private URI url() {
    String text = fields.text(URL, "https?://\\S{1,2000}", "an address, http:// or https://");
    if (!text.isEmpty()) {
      try {
        URI url = new URI(text.replaceFirst("/+$", ""));
        if (url.getHost() != null
            && url.getRawUserInfo() == null
            && url.getRawQuery() == null
            && url.getRawFragment() == null) {
          return url;
        }
      } catch (URISyntaxException e) {
        // Told below.
      }
      fields.problem(URL, "must have a host and perhaps a port and a path, and nothing else");
    }
    return URI.create("http://localhost");
  }

  private KeyPlace key() {
    if (fields.has(KEY_FILE) && fields.has(KEY_ENV)) {
      fields.problem(KEY_FILE, "and " + KEY_ENV + " exclude each other");
    }
    return new KeyPlace(
        fields.has(KEY_FILE) ? fields.text(KEY_FILE, "[^\\x00]+", "a path") : null,
        fields.has(KEY_ENV)
            ? fields.text(KEY_ENV, "[A-Za-z_][A-Za-z0-9_]{0,199}", "a variable's name")
            : null);
  }

  private Map<String, String> headers() {
    Map<String, String> headers =
        fields.pairs(
            HEADERS,
            "[A-Za-z0-9][A-Za-z0-9_-]{0,99}",
            "[\\x21-\\x7e]([\\x20-\\x7e]{0,4000}[\\x21-\\x7e])?",
            "a header's name and one line of text");
    headers.keySet().stream()
        .filter(name -> OWN_HEADERS.contains(name.toLowerCase(Locale.ROOT)))
        .forEach(name ->
            fields.problem(HEADERS, "may not have " + name + (secret(name) ? ": " + HINT : "")));
    return headers;
  }

  private static boolean secret(String name) {
    return Set.of("authorization", "x-api-key").contains(name.toLowerCase(Locale.ROOT));
  }

  private Set<String> pass() {
    List<String> names = fields.texts(PASS, "[A-Za-z_][A-Za-z0-9_]{0,99}", "names of members");
    names.stream()
        .filter(name -> NEVER_PASSED.contains(name.toLowerCase(Locale.ROOT)))
        .forEach(name -> fields.problem(PASS, "may not have " + name));
    return Set.copyOf(names);
  }

  private Duration seconds(String key, int otherwise) {
    return Duration.ofSeconds(fields.has(key) ? fields.whole(key, 1, MOST_SECONDS) : otherwise);
  }
}
