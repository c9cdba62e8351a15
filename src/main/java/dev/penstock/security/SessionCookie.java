package dev.penstock.security;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cookie that holds a session's token. No script can read it and no other site can send it; it
 * goes with the browser.
 */
public final class SessionCookie {
  private static final String NAME = "penstock_session";
  private static final String FLAGS = "; Path=/; HttpOnly; SameSite=Strict";

  private SessionCookie() {}

  /** The token in a {@code Cookie} header. */
  public static Optional<String> read(@Nullable String header) {
    if (header != null) {
      for (String pair : header.split(";", -1)) {
        String cookie = pair.strip();
        if (cookie.startsWith(NAME + "=")) {
          return Optional.of(cookie.substring(NAME.length() + 1));
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The {@code Set-Cookie} header for a token.
   *
   * @param secure whether browsers may send it over TLS only
   */
  public static String write(String token, boolean secure) {
    return NAME + "=" + token + FLAGS + (secure ? "; Secure" : "");
  }

  /** The {@code Set-Cookie} header that takes it away. */
  public static String erase() {
    return NAME + "=" + FLAGS + "; Max-Age=0";
  }
}
