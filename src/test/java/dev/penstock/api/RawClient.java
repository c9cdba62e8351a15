package dev.penstock.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Sends bytes, not requests, so that it can be as wrong as it likes. */
public final class RawClient {
  private static final int BUFFER = 16 * 1024;
  private static final String HEAD_END = "\r\n\r\n";

  private RawClient() {}

  /**
   * What came back.
   *
   * @param status 0: the connection was closed without an answer
   * @param headers by name in lower case
   */
  public record Answer(int status, Map<String, String> headers, String body) {}

  /**
   * Sends the bytes and reads one answer.
   *
   * @throws SocketTimeoutException when there was neither an answer nor an end of the connection
   */
  public static Answer send(int port, byte[] request, Duration limit) throws IOException {
    try (var socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) limit.toMillis());
      socket.setSoTimeout((int) limit.toMillis());
      // A server may answer before it has read everything; the reader must not wait for the writer.
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  socket.getOutputStream().write(request);
                } catch (IOException e) {
                  // the server had heard enough
                }
              });
      Answer answer = read(socket.getInputStream(), asksForHead(request));
      writer.interrupt();
      return answer;
    }
  }

  /** Whether the answer says how long its body would be, and has none. */
  private static boolean asksForHead(byte[] request) {
    return new String(request, StandardCharsets.ISO_8859_1).stripLeading().startsWith("HEAD ");
  }

  private static Answer read(InputStream in, boolean bodiless) throws IOException {
    var all = new ByteArrayOutputStream();
    byte[] buffer = new byte[BUFFER];
    while (true) {
      Answer answer = parse(all.toString(StandardCharsets.UTF_8), bodiless);
      if (answer != null) {
        return answer;
      }
      int count;
      try {
        count = in.read(buffer);
      } catch (SocketTimeoutException e) {
        throw e;
      } catch (IOException e) {
        count = -1; // reset: an end like another
      }
      if (count < 0) {
        return new Answer(0, Map.of(), all.toString(StandardCharsets.UTF_8));
      }
      all.write(buffer, 0, count);
    }
  }

  /** Null while the answer is not whole. */
  private static @org.jspecify.annotations.Nullable Answer parse(String text, boolean bodiless) {
    int end = text.indexOf(HEAD_END);
    if (end < 0) {
      return null;
    }
    String[] lines = text.substring(0, end).split("\r\n", -1);
    int status = Integer.parseInt(lines[0].split(" ", -1)[1]);
    if (status == 100) {
      return parse(text.substring(end + HEAD_END.length()), bodiless);
    }
    var headers = new HashMap<String, String>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    String body = text.substring(end + HEAD_END.length());
    int length = bodiless ? 0 : Integer.parseInt(headers.getOrDefault("content-length", "0"));
    return body.getBytes(StandardCharsets.UTF_8).length < length
        ? null
        : new Answer(status, headers, body);
  }
}
