package dev.penstock.web;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.impl.HttpServerConnection;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets a client that has said all that it will say, and has closed its half of the connection, have
 * its answer. One that has gone looks the same, until something is sent to it: so while the answer
 * takes its time, an interim one is, which costs the first nothing and breaks the connection of the
 * second. A reader of events who closes its half has gone. On the connection's event loop.
 */
final class HalfClosed extends ChannelInboundHandlerAdapter {
  private static final long ASK_FIRST_MS = 500;
  private static final long ASK_EVERY_MS = 1_000;

  private static final String EVENTS = "text/event-stream";

  /** What any client of HTTP/1.1 passes over. */
  private static final byte[] INTERIM =
      "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final HttpConnection connection;
  private final Supplier<@Nullable HttpServerRequest> waiting;
  private final Runnable ended;
  private @Nullable ScheduledFuture<?> asks;

  private HalfClosed(
      HttpConnection connection, Supplier<@Nullable HttpServerRequest> waiting, Runnable ended) {
    this.connection = connection;
    this.waiting = waiting;
    this.ended = ended;
  }

  /**
   * Before anything has been read.
   *
   * @param waiting the request that has not been answered; null: none
   * @param ended told when the client will send no more
   */
  static void allow(
      HttpConnection connection, Supplier<@Nullable HttpServerRequest> waiting, Runnable ended) {
    if (connection instanceof HttpServerConnection server) {
      Channel channel = server.channelHandlerContext().channel();
      channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
      channel.pipeline().addFirst(new HalfClosed(connection, waiting, ended));
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    context.fireUserEventTriggered(event); // the rest of what was read comes first
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      ended.run();
      asks =
          context
              .executor()
              .scheduleAtFixedRate(
                  () -> ask(context), ASK_FIRST_MS, ASK_EVERY_MS, TimeUnit.MILLISECONDS);
    }
  }

  private void ask(ChannelHandlerContext context) {
    HttpServerRequest request = waiting.get();
    if (request == null) {
      return;
    } else if (request.response().headWritten()) {
      // An answer that is on its way shows the same; a stream of events may be silent for long.
      if (EVENTS.equals(request.response().headers().get("Content-Type"))) {
        connection.close();
      }
    } else if (request.version() == HttpVersion.HTTP_1_1) {
      var _ = context.writeAndFlush(Unpooled.wrappedBuffer(INTERIM));
    } else {
      connection.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (asks != null) {
      asks.cancel(false);
    }
    context.fireChannelInactive();
  }
}
