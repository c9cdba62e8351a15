package dev.penstock.bench;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;

/**
 * One kept-alive HTTP/1.1 connection that costs next to nothing: requests are bytes made
 * beforehand, replies are read and not looked at. An HTTP client proper would take from the cores
 * what is being measured.
 */
public final class Connection implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);
  static final Duration READ = Duration.ofSeconds(150);
  private static final int STATUS_START = "HTTP/1.1 ".length();
  private static final byte[] END = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final String LENGTH = "\ncontent-length:";

  private final Socket socket = new Socket();
  private final InputStream in;
  private byte[] buffer = new byte[1 << 14];
  private int filled;
  private String head = "";
  private byte[] body = {};

  public Connection(URI server) throws IOException {
    this(server, READ);
  }

  /**
   * @param read silence after which an exchange fails
   */
  public Connection(URI server, Duration read) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(Math.toIntExact(read.toMillis()));
    socket.connect(
        new InetSocketAddress(server.getHost(), server.getPort()),
        Math.toIntExact(CONNECT.toMillis()));
    in = socket.getInputStream();
  }

  public static byte[] get(URI server, String key, String path) {
    return getWith(server, path, authorization(key));
  }

  /**
   * @param header a whole line, in place of the key's
   */
  static byte[] getWith(URI server, String path, String header) {
    return request("GET", server, path, header + "\r\n", new byte[0]);
  }

  private static String authorization(String key) {
    return "Authorization: Bearer " + key;
  }

  public static byte[] post(URI server, String key, String path, byte[] json) {
    String headers =
        "%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
            .formatted(authorization(key), json.length);
    return request("POST", server, path, headers, json);
  }

  private static byte[] request(
      String method, URI server, String path, String headers, byte[] body) {
    byte[] head =
        "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
            .formatted(method, path, server.getAuthority(), headers)
            .getBytes(StandardCharsets.US_ASCII);
    byte[] request = Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    return request;
  }

  /** Sends the request and reads its reply; returns its status, whatever it is. */
  public int exchange(byte[] request) throws IOException {
    socket.getOutputStream().write(request);
    int end = endOfHead();
    head = new String(buffer, 0, end, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    body = new byte[length(head)];
    int there = Math.min(filled - end, body.length);
    System.arraycopy(buffer, end, body, 0, there);
    if (in.readNBytes(body, there, body.length - there) < body.length - there) {
      throw new EOFException("closed within a reply");
    }
    filled = 0; // One request at a time: nothing follows the body.
    return Integer.parseInt(head, STATUS_START, STATUS_START + 3, 10);
  }

  /** Status line and headers of the reply read last, in lower case. */
  public String head() {
    return head;
  }

  /** The body of the reply read last. */
  public byte[] body() {
    return body;
  }

  /** The reply's body; a status of 300 and above is an exception with the body in it. */
  public byte[] ask(byte[] request) throws IOException {
    int status = exchange(request);
    if (status >= 300) {
      throw new IOException("status " + status + ": " + new String(body, StandardCharsets.UTF_8));
    }
    return body;
  }

  private int endOfHead() throws IOException {
    int from = 0;
    while (true) {
      for (int i = from; i + END.length <= filled; i++) {
        if (Arrays.equals(buffer, i, i + END.length, END, 0, END.length)) {
          return i + END.length;
        }
      }
      from = Math.max(0, filled - END.length);
      if (filled == buffer.length) {
        buffer = Arrays.copyOf(buffer, 2 * buffer.length);
      }
      int read = in.read(buffer, filled, buffer.length - filled);
      if (read < 0) {
        throw new EOFException("closed before a reply");
      }
      filled += read;
    }
  }

  private static int length(String headers) throws IOException {
    int at = headers.indexOf(LENGTH);
    if (at < 0) {
      throw new IOException("a reply without Content-Length: " + headers);
    }
    int end = headers.indexOf('\r', at);
    return Integer.parseInt(headers.substring(at + LENGTH.length(), end).strip());
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
