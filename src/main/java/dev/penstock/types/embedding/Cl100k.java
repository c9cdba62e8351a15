package dev.penstock.types.embedding;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import dev.penstock.engine.TextSource;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;

/** OpenAI's cl100k_base, in which its clients write texts as token ids. Pure Java. */
final class Cl100k {
  /** Ids that are decoded at a time: of 128 characters each at most. */
  private static final int CHUNK = 512;

  /** Of common English text. */
  private static final int CHARS_PER_TOKEN = 4;

  private static final int FIRST_SPECIAL = 100_256;
  private static final int LAST_SPECIAL = 100_260;
  private static final int END_OF_PROMPT = 100_276;

  private Cl100k() {}

  /**
   * The text of these ids, decoded as it is read: an id may stand for 128 spaces.
   *
   * @throws IllegalArgumentException when an id is none of the encoding's
   */
  static TextSource text(int[] ids) {
    for (int id : ids) {
      if (!known(id)) {
        throw new IllegalArgumentException("not token ids of cl100k_base: " + id);
      }
    }
    return ids.length <= CHUNK ? new TextSource.Whole(decode(ids)) : new Ids(ids);
  }

  static boolean known(int id) {
    return (id >= 0 && id < FIRST_SPECIAL)
        || (id > FIRST_SPECIAL && id <= LAST_SPECIAL)
        || id == END_OF_PROMPT;
  }

  /** The text of these ids. */
  static String decode(int[] ids) {
    return new String(bytes(ids, 0, ids.length), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(int[] ids, int from, int to) {
    IntArrayList list = new IntArrayList(to - from);
    for (int i = from; i < to; i++) {
      list.add(ids[i]);
    }
    return Lazy.ENCODING.decodeBytes(list);
  }

  private record Ids(int[] ids) implements TextSource {
    @Override
    public Reader open() {
      return new InputStreamReader(new Bytes(ids), StandardCharsets.UTF_8);
    }

    @Override
    public long length() {
      return (long) CHARS_PER_TOKEN * ids.length;
    }
  }

  /** The bytes of ids, some ids at a time. */
  private static final class Bytes extends InputStream {
    private final int[] ids;
    private int next;
    private byte[] decoded = {};
    private int position;

    Bytes(int[] ids) {
      this.ids = ids;
    }

    @Override
    public int read() {
      return more() ? decoded[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int from, int most) {
      if (most == 0) {
        return 0;
      }
      if (!more()) {
        return -1;
      }
      int count = Math.min(most, decoded.length - position);
      System.arraycopy(decoded, position, into, from, count);
      position += count;
      return count;
    }

    @Override
    public int available() {
      return decoded.length - position;
    }

    private boolean more() {
      while (position == decoded.length && next < ids.length) {
        int end = Math.min(ids.length, next + CHUNK);
        decoded = bytes(ids, next, end);
        position = 0;
        next = end;
      }
      return position < decoded.length;
    }
  }

  /** Its tables take a moment and some memory: read when the first token ids come. */
  private static final class Lazy {
    static final Encoding ENCODING =
        Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.CL100K_BASE);
  }
}
