package dev.penstock.bus;

import com.hazelcast.internal.networking.Channel;
import com.hazelcast.internal.networking.ChannelInitializer;
import com.hazelcast.internal.networking.HandlerStatus;
import com.hazelcast.internal.networking.InboundHandler;
import com.hazelcast.internal.networking.OutboundHandler;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * TLS on one connection between members: the first of its handlers of what comes in, and the last
 * of what goes out. The two may run on different threads, one at a time. Each side has to show a
 * certificate; until both have, nothing of the protocol passes.
 */
final class TlsLink {
  private final Channel channel;
  private final SSLEngine engine;

  /** What has been decrypted and not been taken yet. */
  private ByteBuffer plain;

  private boolean begun;
  private volatile boolean heard;
  private volatile boolean open;

  private TlsLink(Channel channel, SSLEngine engine) {
    this.channel = channel;
    this.engine = engine;
    plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).flip();
  }

  /** Sets up a new connection, with the protocol between the two handlers. */
  static TlsLink around(Channel channel, SSLContext context, ChannelInitializer protocol)
      throws Exception {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(channel.isClientMode());
    engine.setNeedClientAuth(true);
    var link = new TlsLink(channel, engine);
    channel.inboundPipeline().addLast(link.new Incoming());
    protocol.initChannel(channel);
    channel.outboundPipeline().addLast(link.new Outgoing());
    return link;
  }

  /** Whether the other side has shown a certificate that is trusted. */
  boolean open() {
    return open;
  }

  /** Whether the other side has said something that is not of TLS. */
  boolean heard() {
    return heard;
  }

  private final class Incoming extends InboundHandler<ByteBuffer, ByteBuffer> {
    @Override
    public void handlerAdded() {
      initSrcBuffer();
    }

    @Override
    public HandlerStatus onRead() throws Exception {
      src.flip();
      try {
        return read(src, dst);
      } finally {
        src.compact();
      }
    }
  }

  private final class Outgoing extends OutboundHandler<ByteBuffer, ByteBuffer> {
    @Override
    public void handlerAdded() {
      initDstBuffer();
    }

    @Override
    public HandlerStatus onWrite() throws Exception {
      dst.compact();
      try {
        return write(src, dst);
      } finally {
        dst.flip();
      }
    }
  }

  /** Decrypts until there is no whole record left, or no room: then the next handler goes first. */
  private synchronized HandlerStatus read(ByteBuffer from, ByteBuffer to) throws IOException {
    begin();
    boolean moved = false;
    while (true) {
      if (plain.hasRemaining()) {
        moved |= to.hasRemaining();
        move(to);
      }
      if (plain.hasRemaining()) {
        return moved ? HandlerStatus.DIRTY : HandlerStatus.CLEAN;
      }
      plain.clear();
      SSLEngineResult result = engine.unwrap(from, plain);
      plain.flip();
      boolean opened = progress(result);
      if (result.bytesProduced() > 0) {
        heard = true;
      }
      if (opened || engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
        channel.outboundPipeline().wakeup();
      }
      switch (result.getStatus()) {
        case BUFFER_UNDERFLOW -> {
          return HandlerStatus.CLEAN;
        }
        case BUFFER_OVERFLOW ->
            plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).flip();
        case CLOSED -> throw new EOFException("the other side has ended TLS");
        case OK -> {
          if (result.bytesConsumed() == 0 && result.bytesProduced() == 0) {
            return HandlerStatus.CLEAN; // it is for this side to say something
          }
        }
      }
    }
  }

  private void move(ByteBuffer to) {
    int bytes = Math.min(plain.remaining(), to.remaining());
    to.put(plain.slice(plain.position(), bytes));
    plain.position(plain.position() + bytes);
  }

  /** Encrypts what there is, once both sides know each other. */
  private synchronized HandlerStatus write(ByteBuffer from, ByteBuffer to) throws SSLException {
    begin();
    while (true) {
      boolean shakes = engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
      if (!shakes && !open) {
        return HandlerStatus.BLOCKED; // until the other side has answered
      } else if (!shakes && !from.hasRemaining()) {
        return HandlerStatus.CLEAN;
      }
      SSLEngineResult result = engine.wrap(open ? from : ByteBuffer.allocate(0), to);
      progress(result);
      if (shakes) {
        channel.inboundPipeline().wakeup(); // it may have stopped for this
      }
      switch (result.getStatus()) {
        case BUFFER_OVERFLOW -> {
          return HandlerStatus.DIRTY;
        }
        case CLOSED -> throw new SSLException("this side has ended TLS");
        case OK, BUFFER_UNDERFLOW -> {}
      }
    }
  }

  private void begin() throws SSLException {
    if (!begun) {
      begun = true;
      engine.beginHandshake();
    }
  }

  /** Does what the engine left to do. True: from now on both sides know each other. */
  private boolean progress(SSLEngineResult result) {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
    boolean finished =
        result.getHandshakeStatus() == HandshakeStatus.FINISHED
            || engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
    if (open || !finished) {
      return false;
    }
    open = true;
    return true;
  }
}
