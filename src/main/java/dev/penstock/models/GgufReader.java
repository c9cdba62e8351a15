package dev.penstock.models;

import dev.penstock.base.Visible;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the headers of GGUF files, and whether the files are whole. Weights are not read. A header
 * may say anything: what it counts is never taken for what is there.
 */
final class GgufReader {
  private static final int MAGIC = 0x46554747;
  private static final int OLDEST = 2;
  private static final int NEWEST = 3;
  private static final long MOST_PAIRS = 1 << 16;
  private static final long MOST_TENSORS = 1 << 20;
  private static final int MOST_DIMENSIONS = 4;
  private static final int MOST_LAYERS = 1 << 16;
  private static final int LONGEST_KEY = 1 << 16;
  private static final int LONGEST_WORD = 256;
  private static final long USUAL_ALIGNMENT = 32;
  private static final long MOST_ALIGNMENT = 1 << 20;

  private static final String ARCHITECTURE = "general.architecture";
  private static final String ALIGNMENT = "general.alignment";
  private static final String TEMPLATE = "tokenizer.chat_template";
  private static final String TOKENS = "tokenizer.ggml.tokens";
  private static final String PARTS = "split.count";
  private static final String KEY_VALUE_HEADS = ".attention.head_count_kv";
  private static final String HEADS = ".attention.head_count";
  private static final Pattern SPLIT = Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf");
  private static final Pattern NUMBERS =
      Pattern.compile(
          "general\\.alignment|split\\.count|[a-z0-9_.-]{1,100}\\.(context_length|block_count"
              + "|embedding_length|attention\\.(head_count|head_count_kv|key_length|value_length))");

  /** What people have as GGUF too, and is no model that goes on with a text. */
  private static final Set<String> OTHERS =
      Set.of(
          "bert",
          "clip",
          "eurobert",
          "gemma-embedding",
          "jina-bert-v2",
          "jina-bert-v3",
          "llama-embed",
          "modern-bert",
          "neo-bert",
          "nomic-bert",
          "nomic-bert-moe",
          "t5",
          "t5encoder",
          "wavtokenizer-dec",
          "whisper");

  /** Numbers of a block and its bytes, by ggml's number of the type. Others count as nothing. */
  private static final Map<Integer, int[]> BLOCKS =
      Map.ofEntries(
          Map.entry(0, new int[] {1, 4}),
          Map.entry(1, new int[] {1, 2}),
          Map.entry(2, new int[] {32, 18}),
          Map.entry(3, new int[] {32, 20}),
          Map.entry(6, new int[] {32, 22}),
          Map.entry(7, new int[] {32, 24}),
          Map.entry(8, new int[] {32, 34}),
          Map.entry(10, new int[] {256, 84}),
          Map.entry(11, new int[] {256, 110}),
          Map.entry(12, new int[] {256, 144}),
          Map.entry(13, new int[] {256, 176}),
          Map.entry(14, new int[] {256, 210}),
          Map.entry(20, new int[] {32, 18}),
          Map.entry(23, new int[] {256, 136}),
          Map.entry(30, new int[] {1, 2}),
          Map.entry(39, new int[] {32, 17}));

  private static final int STRING = 8;
  private static final int ARRAY = 9;

  /** Bytes of a value, by its type's number; 0: it says itself. */
  private static final int[] WIDTHS = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  private final GgufBytes in;
  private final String name;
  private final Map<String, Long> numbers = new HashMap<>();

  /** Of all layers together. */
  private long keyValueHeads = -1;

  private String architecture = "";
  private long vocabulary;
  private boolean template;

  /** Where the parts of a model are. */
  interface Parts {
    /** The file of that name, beside the first. */
    Path part(String name) throws BrokenModel, IOException;
  }

  private GgufReader(GgufBytes in, String name) {
    this.in = in;
    this.name = name;
  }

  /** Whether a file of that name is a part of a split model, and not its first. */
  static boolean follows(String name) {
    Matcher split = SPLIT.matcher(name);
    return split.matches() && Integer.parseInt(split.group(2)) != 1;
  }

  /**
   * Reads a model's header, and those of its other parts.
   *
   * @param file the model's, or its first part
   * @param name what messages call it
   */
  static GgufFile read(Path file, String name, Parts parts) throws BrokenModel, IOException {
    GgufReader first = read(file, name);
    first.checkKind();
    List<Path> files = new ArrayList<>(List.of(file));
    Matcher split = SPLIT.matcher(file.getFileName().toString());
    long count = first.numbers.getOrDefault(PARTS, 1L);
    if (split.matches()) {
      if (Integer.parseInt(split.group(2)) != 1) {
        throw new BrokenModel(name + " is a part of a model, and not its first");
      }
      int named = Integer.parseInt(split.group(3));
      for (int part = 2; part <= named; part++) {
        String next =
            String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", split.group(1), part, named);
        Path there = parts.part(next);
        var _ = read(there, next);
        files.add(there);
      }
    } else if (count > 1) {
      throw new BrokenModel(
          "%s is the first of %d parts: their names must end in -00001-of-%05d.gguf and so on"
              .formatted(name, count, count));
    }
    long bytes = 0;
    for (Path each : files) {
      bytes += Files.size(each);
    }
    return first.file(files, bytes);
  }

  private static GgufReader read(Path file, String name) throws BrokenModel, IOException {
    try (var in = GgufBytes.open(file, name)) {
      var reader = new GgufReader(in, name);
      reader.read();
      return reader;
    }
  }

  private void checkKind() throws BrokenModel {
    if (OTHERS.contains(architecture)) {
      throw new BrokenModel(
          "%s is of the architecture %s, which goes on with no text".formatted(name, architecture));
    }
  }

  private void read() throws BrokenModel, IOException {
    if (in.left() < Integer.BYTES || in.number() != MAGIC) {
      throw new BrokenModel(name + " is no GGUF file");
    }
    int version = in.number();
    if (version < OLDEST || version > NEWEST) {
      throw new BrokenModel(
          "%s has version %d of GGUF, and those that can be read are %d and %d"
              .formatted(name, Integer.toUnsignedLong(version), OLDEST, NEWEST));
    }
    long tensors = in.count(MOST_TENSORS, "tensors");
    long pairs = in.count(MOST_PAIRS, "values");
    for (long i = 0; i < pairs; i++) {
      pair();
    }
    if (!architecture.matches("[A-Za-z0-9_.-]{1,100}") && numbers.getOrDefault(PARTS, 1L) <= 1) {
      throw new BrokenModel(
          architecture.isEmpty()
              ? name + " does not say which architecture it has"
              : name + " has an architecture of no known form: " + Visible.quoted(architecture));
    }
    long end = 0;
    for (long i = 0; i < tensors; i++) {
      end = Math.max(end, tensor());
    }
    long alignment = numbers.getOrDefault(ALIGNMENT, USUAL_ALIGNMENT);
    if (alignment < 1 || alignment > MOST_ALIGNMENT) {
      throw in.damaged("its parts are aligned by " + alignment);
    }
    in.requireWhole((in.position() + alignment - 1) / alignment * alignment, end);
  }

  private void pair() throws BrokenModel, IOException {
    String key = in.text(LONGEST_KEY);
    int type = in.number();
    if (type == STRING) {
      if (key.equals(ARCHITECTURE)) {
        architecture = in.text(LONGEST_WORD);
      } else {
        template |= key.equals(TEMPLATE);
        in.skipText();
      }
    } else if (type == ARRAY) {
      array(key);
    } else {
      long value = value(type);
      if (NUMBERS.matcher(key).matches()) {
        numbers.put(key, value);
      }
    }
  }

  private void array(String key) throws BrokenModel, IOException {
    int type = in.number();
    if (type == STRING) {
      long count = in.count(in.left() / Long.BYTES, "texts");
      for (long i = 0; i < count; i++) {
        in.skipText();
      }
      vocabulary = key.equals(TOKENS) ? count : vocabulary;
      return;
    }
    int width = type == ARRAY ? 0 : width(type);
    if (width == 0) {
      throw in.damaged("it has lists of lists");
    }
    long count = in.count(in.left() / width, "numbers");
    if (key.endsWith(KEY_VALUE_HEADS) && count <= MOST_LAYERS) {
      keyValueHeads = 0;
      for (long i = 0; i < count; i++) {
        keyValueHeads += Math.clamp(value(type), 0, MOST_LAYERS);
      }
    } else if (key.endsWith(HEADS) && count > 0) {
      numbers.put(key, value(type));
      in.skip((count - 1) * width);
    } else {
      in.skip(count * width);
    }
  }

  private int width(int type) throws BrokenModel {
    if (type < 0 || type >= WIDTHS.length) {
      throw in.damaged("it has a value of type " + Integer.toUnsignedLong(type));
    }
    return WIDTHS[type];
  }

  /** As a whole number; those with a fraction are none that counts here. */
  private long value(int type) throws BrokenModel, IOException {
    return switch (width(type)) {
      case 1 -> in.octet();
      case 2 -> in.octet() | in.octet() << Byte.SIZE;
      case 4 -> in.number();
      default -> in.longNumber();
    };
  }

  /** How far behind the header its numbers reach. */
  private long tensor() throws BrokenModel, IOException {
    in.skipText();
    int dimensions = in.number();
    if (dimensions < 0 || dimensions > MOST_DIMENSIONS) {
      throw in.damaged("it has a tensor of " + Integer.toUnsignedLong(dimensions) + " dimensions");
    }
    try {
      long count = 1;
      for (int i = 0; i < dimensions; i++) {
        long length = in.longNumber();
        if (length < 0) {
          throw in.damaged("it has a tensor of no known size");
        }
        count = Math.multiplyExact(count, length);
      }
      int[] block = BLOCKS.getOrDefault(in.number(), new int[] {1, 0});
      long offset = in.longNumber();
      if (offset < 0) {
        throw in.damaged("it has a tensor at no known place");
      }
      return Math.addExact(offset, Math.multiplyExact(count / block[0], block[1]));
    } catch (ArithmeticException e) {
      throw in.damaged("it has a tensor of no known size");
    }
  }

  private GgufFile file(List<Path> files, long bytes) {
    return new GgufFile(
        files,
        bytes,
        architecture,
        (int) number(".context_length", 0, Integer.MAX_VALUE),
        cachedNumbers(),
        (int) Math.min(vocabulary, Integer.MAX_VALUE),
        template);
  }

  private long cachedNumbers() {
    long heads = Math.max(1, number(HEADS, 1, MOST_LAYERS));
    long head = number(".embedding_length", 0, 1 << 24) / heads;
    long width =
        number(".attention.key_length", head, 1 << 24)
            + number(".attention.value_length", head, 1 << 24);
    long all =
        keyValueHeads >= 0
            ? keyValueHeads
            : number(KEY_VALUE_HEADS, heads, MOST_LAYERS) * number(".block_count", 0, MOST_LAYERS);
    return Math.min(width * Math.min(all, Integer.MAX_VALUE), Integer.MAX_VALUE);
  }

  private long number(String key, long otherwise, long most) {
    return Math.clamp(numbers.getOrDefault(architecture + key, otherwise), 0L, most);
  }
}
