package dev.penstock.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A network between two processes that can be cut: nothing gets through, and nobody is told. */
public final class TcpProxy implements AutoCloseable {
  private static final int CHUNK = 16 * 1024;

  private final ServerSocket server;
  private final int target;
  private final String scheme;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private boolean cut; // guarded by this

  public TcpProxy(int target) throws IOException {
    this(target, "http", new ServerSocket(0, 0, InetAddress.getLoopbackAddress()));
  }

  private TcpProxy(int target, String scheme, ServerSocket server) {
    this.target = target;
    this.scheme = scheme;
    this.server = server;
    Thread.ofVirtual().name("proxy").start(this::accept);
  }

  /** One that speaks TLS to its clients, as a proxy in front of the server does. */
  public static TcpProxy tls(int target, Certificates certificates) throws Exception {
    ServerSocket server =
        certificates
            .context()
            .getServerSocketFactory()
            .createServerSocket(0, 0, InetAddress.getLoopbackAddress());
    return new TcpProxy(target, "https", server);
  }

  public URI uri() {
    return URI.create(scheme + "://127.0.0.1:" + server.getLocalPort());
  }

  /** Packets vanish from now on; connections stay open. */
  public synchronized void cut() {
    cut = true;
  }

  /** The network is back. What was under way comes through late. */
  public synchronized void mend() {
    cut = false;
    notifyAll();
  }

  private synchronized void awaitMended() throws InterruptedException {
    while (cut && !server.isClosed()) {
      wait();
    }
  }

  private void accept() {
    try {
      while (!server.isClosed()) {
        Socket client = server.accept();
        sockets.add(client);
        Thread.ofVirtual()
            .start(() -> {
              try {
                awaitMended();
                var behind = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.add(behind);
                Thread.ofVirtual().start(() -> pump(client, behind));
                pump(behind, client);
              } catch (IOException e) {
                close(client);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void pump(Socket from, Socket to) {
    byte[] chunk = new byte[CHUNK];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        awaitMended();
        out.write(chunk, 0, read);
      }
      awaitMended();
    } catch (IOException e) {
      // one side has gone: the other hears of it
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close(from);
    close(to);
  }

  private void close(Socket socket) {
    sockets.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      // it is gone either way
    }
  }

  /** Ends all connections, and takes no more. */
  public void end() throws IOException {
    server.close();
    mend();
    sockets.forEach(this::close);
  }

  @Override
  public void close() throws IOException {
    end();
  }
}
