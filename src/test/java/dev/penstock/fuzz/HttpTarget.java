package dev.penstock.fuzz;

import dev.penstock.api.FuzzServer;
import java.io.IOException;
import java.util.List;

/** The server's port. */
final class HttpTarget implements Target {
  private final FuzzServer server = new FuzzServer();

  HttpTarget() throws Exception {}

  static List<byte[]> requests(int longest) {
    return FuzzServer.badRequests(longest);
  }

  @Override
  public void read(byte[] input) throws Exception {
    server.send(input);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
