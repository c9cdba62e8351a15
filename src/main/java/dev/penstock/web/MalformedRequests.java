package dev.penstock.web;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.net.HostAndPort;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Requests that are not quite HTTP: each is answered in our shape, and its connection closed. */
final class MalformedRequests {
  static final ApiError HOST =
      ApiError.http(
          400, "bad_request", "The request needs one Host header, with a host and maybe a port.");

  static final ApiError ENCODING =
      ApiError.http(
          400,
          "bad_request",
          "The request's Transfer-Encoding can only be chunked, once, and since HTTP/1.1.");

  static final ApiError BODY =
      ApiError.http(400, "bad_request", "The body is not in valid chunks.");

  /** A name or an address, and a port. */
  private static final Pattern AUTHORITY =
      Pattern.compile(
          "(?:\\[[0-9A-Fa-f:.]{2,45}(?:%[\\w.-]{1,32})?\\]|[\\w.~!$&'()*+,;=%-]{1,255})(?::\\d{0,5})?");

  private static final int HIGHEST_PORT = 65_535;

  private MalformedRequests() {}

  /** What is told of something that could not be read as a request. */
  static ApiError error(@Nullable Throwable cause) {
    return switch (cause) {
      case TooLongHttpLineException _ ->
          ApiError.http(414, "uri_too_long", "The request line is too long.");
      case TooLongHttpHeaderException _ ->
          ApiError.http(431, "headers_too_large", "The request's headers are too large.");
      case null, default -> ApiError.http(400, "bad_request", "This is not a valid HTTP request.");
    };
  }

  static Reply reply(ApiError error) {
    return Reply.error(error).with("Connection", "close");
  }

  /** Whether a body could not be read for what it is, and not because its connection broke. */
  static boolean isMalformed(Throwable cause) {
    return cause instanceof DecoderException || cause instanceof IllegalArgumentException;
  }

  /** Sends what was written now: the connection is about to be closed, and would take it along. */
  static void flush(HttpServerRequest request) {
    if (request.connection() instanceof HttpServerConnection connection) {
      connection.channelHandlerContext().flush();
    }
  }

  /** Whether it says once for whom it is, as every request has to since HTTP/1.1. */
  static boolean hasHost(HttpServerRequest request) {
    List<String> hosts = request.headers().getAll("Host");
    if (hosts.isEmpty()) {
      return request.version() == HttpVersion.HTTP_1_0;
    }
    String host = hosts.getFirst();
    return hosts.size() == 1
        && AUTHORITY.matcher(host).matches()
        && port(host) <= HIGHEST_PORT
        && HostAndPort.parseAuthority(host, 0) != null; // the router would answer it by itself
  }

  /** Whether it comes whole, or in chunks and nothing else. */
  static boolean hasPlainEncoding(HttpServerRequest request) {
    List<String> encodings = request.headers().getAll("Transfer-Encoding");
    return encodings.isEmpty()
        || (encodings.size() == 1
            && encodings.getFirst().equalsIgnoreCase("chunked")
            && request.version() == HttpVersion.HTTP_1_1);
  }

  private static int port(String authority) {
    int colon = authority.lastIndexOf(':');
    boolean none =
        colon < 0 || colon < authority.lastIndexOf(']') || colon + 1 == authority.length();
    return none ? 0 : Integer.parseInt(authority.substring(colon + 1));
  }
}
