package dev.penstock.web;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.impl.HttpServerConnection;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets a client that has said all that it will say, and has closed its half of the connection, have
 * its answer. One that has gone looks the same, until something is sent to it: so while the answer
 * takes its time, its first bytes are sent, one by one, which every answer begins with. The first
 * client sees nothing but its answer, in whichever version; the second one's connection breaks. A
 * reader of events who closes its half has gone. On the connection's event loop.
 */
final class HalfClosed extends ChannelDuplexHandler {
  private static final String EVENTS = "text/event-stream";

  /** What answers of every version begin with. */
  private static final byte[] START = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);

  /** To a client that has gone the second byte fails already. */
  private static final long FIRST_MS = 50;

  private final HttpConnection connection;
  private final Supplier<@Nullable HttpServerRequest> waiting;
  private final Runnable ended;
  private @Nullable ScheduledFuture<?> next;

  /** How much of the next answer has been sent. */
  private int said;

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
      askLater(context);
    }
  }

  /** At 0.05, 0.1, 0.3, 1.1, 4.3, 17 and 68 seconds of an answer's time. */
  private void askLater(ChannelHandlerContext context) {
    if (context.channel().isActive()) {
      long delay = said == 0 ? FIRST_MS : FIRST_MS << (2 * (said - 1));
      next = context.executor().schedule(() -> ask(context), delay, TimeUnit.MILLISECONDS);
    }
  }

  private void ask(ChannelHandlerContext context) {
    HttpServerRequest request = waiting.get();
    if (request != null && request.response().headWritten()) {
      // An answer that is on its way shows the same; a stream of events may be silent for long.
      if (EVENTS.equals(request.response().headers().get("Content-Type"))) {
        connection.close();
      }
    } else if (request != null && said < START.length) {
      var _ = context.writeAndFlush(Unpooled.wrappedBuffer(START, said, 1));
      said++;
    }
    askLater(context);
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    if (said > 0 && message instanceof ByteBuf answer) {
      answer.skipBytes(said);
      said = 0;
      cancel();
      askLater(context);
    }
    var _ = context.write(message, promise);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    cancel();
    context.fireChannelInactive();
  }

  private void cancel() {
    if (next != null) {
      next.cancel(false);
    }
  }
}
