package dev.penstock.storage.rabbit;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import javax.net.SocketFactory;

/**
 * Holds back what one connection writes for as long as more is at hand. RabbitMQ's client flushes
 * after every message; a hundred of them in one write cost the kernel and the broker far less.
 */
final class WriteBuffer {
  private static final int MOST = 64 * 1024;

  /** Between a client that writes and the socket. Guarded by itself. */
  private static final class Stream extends OutputStream {
    private final OutputStream out;
    private final byte[] held = new byte[MOST];
    private int length;
    private boolean corked;

    private Stream(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int count) throws IOException {
      if (count > MOST - length) {
        send();
      }
      if (count > MOST) {
        out.write(bytes, from, count);
      } else {
        System.arraycopy(bytes, from, held, length, count);
        length += count;
      }
    }

    @Override
    public synchronized void flush() throws IOException {
      if (!corked) {
        send();
      }
    }

    private synchronized void cork() {
      corked = true;
    }

    private synchronized void uncork() throws IOException {
      corked = false;
      send();
    }

    private void send() throws IOException {
      int count = length;
      length = 0; // Also where it fails: then the connection is lost.
      if (count > 0) {
        out.write(held, 0, count);
      }
    }

    @Override
    public void close() throws IOException {
      out.close();
    }
  }

  private volatile Stream stream = new Stream(OutputStream.nullOutputStream());

  /** Makes the socket of one connection. */
  SocketFactory sockets() {
    return new SocketFactory() {
      @Override
      public Socket createSocket() {
        return new Socket() {
          @Override
          public OutputStream getOutputStream() throws IOException {
            stream = new Stream(super.getOutputStream());
            return stream;
          }
        };
      }

      @Override
      public Socket createSocket(String host, int port) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Socket createSocket(InetAddress host, int port) {
        throw new UnsupportedOperationException();
      }

      @Override
      public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
        throw new UnsupportedOperationException();
      }
    };
  }

  /** What is written from now on may wait for {@link #off}. */
  void on() {
    stream.cork();
  }

  /** Sends what was held back; what is written from now on is sent at each flush. */
  void off() throws IOException {
    stream.uncork();
  }
}
