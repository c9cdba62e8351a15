package dev.penstock.types.ping;

import dev.penstock.subprocess.ChildProgram;
import java.nio.ByteBuffer;

/** What a ping does in a child process: sleeps, or kills it, and gives the input back. */
public final class PingChild implements ChildProgram {
  static final String NAME = PingType.NAME;

  private static final int HEAD = Integer.BYTES + 1;

  /** What a shell shows for a process that was killed with signal 9. */
  private static final int KILLED = 137;

  static byte[] request(byte[] input, int sleepMs, boolean crash) {
    return ByteBuffer.allocate(HEAD + input.length)
        .putInt(sleepMs)
        .put((byte) (crash ? 1 : 0))
        .put(input)
        .array();
  }

  @Override
  public byte[] answer(byte[] request) throws InterruptedException {
    var in = ByteBuffer.wrap(request);
    int sleepMs = in.getInt();
    if (in.get() == 1) {
      Runtime.getRuntime().halt(KILLED);
    }
    Thread.sleep(sleepMs);
    byte[] input = new byte[in.remaining()];
    in.get(input);
    return input;
  }
}
