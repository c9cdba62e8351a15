package dev.penstock.base;

import java.net.InetAddress;

/** This machine's addresses of its own, which nobody else reaches. */
public final class Loopback {
  private Loopback() {}

  /**
   * Whether a host is one. False for any name but localhost: what a name server says may change.
   *
   * @param host an IPv6 address may stand in brackets
   */
  public static boolean is(String host) {
    if (host.equalsIgnoreCase("localhost")) {
      return true;
    }
    boolean brackets = host.startsWith("[") && host.endsWith("]");
    try {
      return InetAddress.ofLiteral(brackets ? host.substring(1, host.length() - 1) : host)
          .isLoopbackAddress();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
