package dev.penstock.engine;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** Tells addresses of this machine and its network from those of everybody. */
final class PublicAddress {
  private PublicAddress() {}

  /**
   * Whether any of a host's addresses is public. Asks the name server: may block.
   *
   * @param host an IPv6 address may stand in brackets
   * @throws UnknownHostException it has no address
   */
  static boolean is(String host) throws UnknownHostException {
    return Arrays.stream(InetAddress.getAllByName(host)).anyMatch(PublicAddress::is);
  }

  static boolean is(InetAddress address) {
    return !(address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || address.isAnyLocalAddress()
        || unique(address.getAddress(), address instanceof Inet6Address));
  }

  /** fc00::/7, and 100.64.0.0/10, which is a carrier's own or that of a private network over it. */
  private static boolean unique(byte[] bytes, boolean six) {
    return six ? (bytes[0] & 0xfe) == 0xfc : (bytes[0] & 0xff) == 100 && (bytes[1] & 0xc0) == 64;
  }
}
