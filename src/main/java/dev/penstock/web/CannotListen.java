package dev.penstock.web;

/** The address cannot be listened on; the message names it and the settings, and says why. */
public final class CannotListen extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CannotListen(String host, int port, Throwable cause) {
    super(
        "cannot listen on %s:%d (api.host, api.port): %s"
            .formatted(host.contains(":") ? "[" + host + "]" : host, port, cause.getMessage()),
        cause);
  }
}
