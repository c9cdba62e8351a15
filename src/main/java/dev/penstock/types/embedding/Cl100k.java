package dev.penstock.types.embedding;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;

/** OpenAI's cl100k_base, in which its clients write texts as token ids. Pure Java. */
final class Cl100k {
  private Cl100k() {}

  /**
   * The text of these ids.
   *
   * @throws IllegalArgumentException when an id is none of the encoding's
   */
  static String decode(int[] ids) {
    IntArrayList list = new IntArrayList(ids.length);
    for (int id : ids) {
      list.add(id);
    }
    try {
      return Lazy.ENCODING.decode(list);
    } catch (RuntimeException e) { // It has no exception of its own for an unknown id.
      throw new IllegalArgumentException("not token ids of cl100k_base: " + e.getMessage(), e);
    }
  }

  /** Its tables take a moment and some memory: read when the first token ids come. */
  private static final class Lazy {
    static final Encoding ENCODING =
        Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.CL100K_BASE);
  }
}
