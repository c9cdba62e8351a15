package dev.penstock.storage.rabbit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class WriteBufferTest {
  private final WriteBuffer cork = new WriteBuffer();
  private ServerSocket server;
  private Socket client;
  private Socket other;
  private OutputStream out;

  @BeforeEach
  void connect() throws IOException {
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    client = cork.sockets().createSocket();
    client.connect(server.getLocalSocketAddress());
    other = server.accept();
    other.setSoTimeout(10_000);
    out = client.getOutputStream();
  }

  @AfterEach
  void close() throws IOException {
    other.close();
    client.close();
    server.close();
  }

  private void write(int... bytes) throws IOException {
    for (int each : bytes) {
      out.write(each);
    }
    out.flush();
  }

  private int[] arrived(int count) throws IOException {
    byte[] read = other.getInputStream().readNBytes(count);
    int[] bytes = new int[read.length];
    Arrays.setAll(bytes, i -> read[i]);
    return bytes;
  }

  @Test
  void aFlushSendsAtOnceAndOnlyWhileItIsOnIsAnythingHeldBack() throws IOException {
    write(1, 2);
    assertThat(arrived(2)).containsExactly(1, 2);
    cork.on();
    write(3);
    write(4);
    assertThat(other.getInputStream().available()).isZero();
    cork.off();
    assertThat(arrived(2)).containsExactly(3, 4);
    write(5);
    assertThat(arrived(1)).containsExactly(5);
  }

  @Test
  void moreThanItHoldsGoesOutInOrder() throws IOException {
    byte[] much = new byte[200_000];
    for (int i = 0; i < much.length; i++) {
      much[i] = (byte) ((i * 31) >> 3);
    }
    cork.on();
    for (int from = 0; from < 60_000; from += 10_000) {
      out.write(much, from, 10_000);
      out.flush();
    }
    out.write(much, 60_000, 140_000); // more at once than there is ever room for
    out.flush();
    cork.off();
    assertThat(other.getInputStream().readNBytes(much.length)).isEqualTo(much);
  }

  @Test
  void whatCannotBeSentFailsAndIsNotTriedAgain() throws IOException {
    cork.on();
    write(1);
    client.close();
    assertThatThrownBy(cork::off).isInstanceOf(IOException.class);
    cork.on();
    cork.off();
  }
}
