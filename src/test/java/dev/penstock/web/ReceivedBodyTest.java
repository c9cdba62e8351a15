package dev.penstock.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bodies in parts of all lengths come out as they were sent. */
final class ReceivedBodyTest {
  private static final int BLOCK = 16 * 1024;

  private final Random random = new Random(1);

  private byte[] some(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private void check(int... lengths) {
    var body = new ReceivedBody();
    var sent = new ByteArrayOutputStream();
    for (int length : lengths) {
      byte[] part = some(length);
      sent.writeBytes(part);
      body.add(Buffer.buffer(part));
    }
    assertThat(body.length()).isEqualTo(sent.size());
    assertThat(body.bytes()).isEqualTo(sent.toByteArray());
  }

  @Test
  void aBodyComesOutAsItWasSent() {
    check();
    check(0, 5, 0);
    check(100);
    check(BLOCK, BLOCK, BLOCK);
    check(3 * BLOCK, 1, 1, BLOCK - 1);
    for (int i = 0; i < 200; i++) {
      check(random.ints(random.nextInt(1, 6), 0, 2 * BLOCK).toArray());
    }
  }

  @Test
  void aBodyWhosePartsAreTogetherAsLongAsABlockIsWhole() {
    check(10, BLOCK - 10);
    check(1, BLOCK - 1);
    check(BLOCK / 2, BLOCK / 2);
  }

  @Test
  void firstBytesOfChunksAreAddedAlone() {
    var body = new ReceivedBody();
    byte[] chunk = some(8);
    body.add(chunk, 3);
    body.add(chunk, 2);
    assertThat(body.bytes()).containsExactly(chunk[0], chunk[1], chunk[2], chunk[0], chunk[1]);
  }
}
