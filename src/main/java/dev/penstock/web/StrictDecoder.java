package dev.penstock.web;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.util.AsciiString;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.core.http.impl.VertxHttpRequestDecoder;
import java.util.Set;

/**
 * Reads requests as the server does, except for what counts as no request here. Who says twice how
 * long it is: whoever stands between may have believed the other length, and take the rest for the
 * next client's request. Who speaks another version: the server would answer that by itself, and
 * not in our shape. And a header without a name.
 */
final class StrictDecoder extends VertxHttpRequestDecoder {
  private static final String NAME = "httpDecoder";
  private static final Set<String> VERSIONS = Set.of("HTTP/1.1", "HTTP/1.0");

  private StrictDecoder(HttpServerOptions options) {
    super(options);
  }

  /** Before anything has been read. On the event loop. */
  static void into(HttpConnection connection, HttpServerOptions options) {
    if (connection instanceof HttpServerConnection server) {
      ChannelPipeline pipeline = server.channelHandlerContext().pipeline();
      pipeline.replace(NAME, NAME, new StrictDecoder(options));
    }
  }

  @Override
  protected HttpMessage createMessage(String[] line) {
    if (!VERSIONS.contains(line[2])) {
      throw new IllegalArgumentException("another version");
    }
    return super.createMessage(line);
  }

  @Override
  protected AsciiString splitHeaderName(byte[] line, int start, int length) {
    if (length == 0) {
      throw new IllegalArgumentException("a header without a name");
    }
    return super.splitHeaderName(line, start, length);
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    throw new IllegalArgumentException("a length, and chunks");
  }
}
