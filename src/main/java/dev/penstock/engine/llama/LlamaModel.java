package dev.penstock.engine.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/** A model's weights and vocabulary. Its texts may be cut into tokens on any thread. */
final class LlamaModel implements AutoCloseable {
  /** Bytes of llama_model_params of v0.4.0, and where in it what is. */
  private static final int PARAMS = 0x4e;

  private static final int GPU_LAYERS = 0x10;
  private static final int PROGRESS = 0x30;
  private static final Map<Integer, Integer> KNOWN =
      Map.of(GPU_LAYERS, -1, 0x14, 1, 0x18, -1, 0x1c, 1, 0x20, 0, 0x48, 0x10000);

  private static final int PIECE_ROOM = 256;
  private static final int VALUE_ROOM = 256;

  final LlamaLibrary library;
  final MemorySegment pointer;
  private final MemorySegment vocabulary;
  private final int tokens;

  /** Of the tokens that were made so far. */
  private final Map<Integer, byte[]> pieces = new HashMap<>();

  private LlamaModel(LlamaLibrary library, MemorySegment pointer) {
    this.library = library;
    this.pointer = pointer;
    vocabulary = library.vocabulary.of(pointer);
    tokens = library.tokens.of(vocabulary);
  }

  /**
   * Opens a file. Blocks for as long as that takes.
   *
   * @param progress told how far it is, from 0 to 1, on this thread; must not throw
   * @throws LlamaFailure with the library's words
   */
  @SuppressWarnings("restricted")
  static LlamaModel open(LlamaLibrary library, Path file, int gpuLayers, DoubleConsumer progress)
      throws LlamaFailure {
    library.log.forget();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stub =
          Linker.nativeLinker()
              .upcallStub(
                  MethodHandles.lookup()
                      .findStatic(
                          LlamaModel.class,
                          "progressed",
                          MethodType.methodType(
                              boolean.class,
                              DoubleConsumer.class,
                              float.class,
                              MemorySegment.class))
                      .bindTo(progress),
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_BOOLEAN, ValueLayout.JAVA_FLOAT, ValueLayout.ADDRESS),
                  arena);
      Params params =
          Params.defaults(arena, library.modelDefaults, "llama_model_params", PARAMS, KNOWN)
              .set(GPU_LAYERS, gpuLayers)
              .set(PROGRESS, stub);
      MemorySegment pointer =
          library.loadModel.of(arena.allocateFrom(file.toString()), params.struct());
      if (pointer.address() == 0) {
        throw new LlamaFailure(library.log.reason("llama.cpp cannot open it"));
      }
      var model = new LlamaModel(library, pointer);
      try {
        model.check();
      } catch (LlamaFailure e) {
        model.close();
        throw e;
      }
      return model;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e); // it is there
    }
  }

  @SuppressWarnings("unused") // By native code; the pointer is none.
  private static boolean progressed(DoubleConsumer told, float part, MemorySegment user) {
    told.accept(part);
    return true;
  }

  private void check() throws LlamaFailure {
    if (tokens <= 0) {
      throw new LlamaFailure("it has no vocabulary");
    }
    if (!library.decodes.of(pointer) || library.encodes.of(pointer)) {
      throw new LlamaFailure("it is no model that goes on with a text");
    }
  }

  int tokens() {
    return tokens;
  }

  int trainedContext() {
    return library.trainedContext.of(pointer);
  }

  ModelInfo info(int context, int slots, long cacheBytes) {
    @Nullable String architecture = metadata("general.architecture");
    return new ModelInfo(
        text((buffer, room) -> library.description.into(pointer, buffer, room)),
        architecture == null ? "" : architecture,
        tokens,
        trainedContext(),
        context,
        slots,
        library.weightBytes.of(pointer),
        cacheBytes,
        library.beginToken.of(vocabulary),
        library.addsBegin.of(vocabulary),
        word(library.beginToken.of(vocabulary)),
        word(library.endToken.of(vocabulary)),
        longestToken(),
        chatTemplate());
  }

  /** How many numbers are kept of each token read: its keys and values in all layers. */
  long cachedNumbers() {
    @Nullable String architecture = metadata("general.architecture");
    long head = Math.max(1, library.heads.of(pointer));
    long usual = library.width.of(pointer) / head;
    long keys = number(architecture + ".attention.key_length", usual);
    long values = number(architecture + ".attention.value_length", usual);
    return (keys + values) * library.cacheHeads.of(pointer) * library.layers.of(pointer);
  }

  private long number(String key, long otherwise) {
    @Nullable String value = metadata(key);
    return value == null || !value.matches("\\d{1,9}") ? otherwise : Long.parseLong(value);
  }

  /** A value of the file's metadata; null where there is none. */
  @Nullable String metadata(String key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(key);
      if (library.metadata.into(pointer, name, MemorySegment.NULL, 0) < 0) {
        return null;
      }
      return text((buffer, room) -> library.metadata.into(pointer, name, buffer, room));
    }
  }

  private interface Source {
    /** Writes at most so many bytes, with a zero at the end; says how many there would be. */
    int write(MemorySegment buffer, long room);
  }

  private static String text(Source source) {
    long room = VALUE_ROOM;
    while (true) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(room);
        int length = source.write(buffer, room);
        if (length < room) {
          return length < 0 ? "" : buffer.getString(0);
        }
        room = length + 1L;
      }
    }
  }

  @SuppressWarnings("restricted")
  private @Nullable String chatTemplate() {
    MemorySegment text = library.chatTemplate.of(pointer, MemorySegment.NULL);
    return text.address() == 0 ? null : text.reinterpret(Long.MAX_VALUE).getString(0);
  }

  /** Whether an answer ends with this token. */
  boolean endsText(int token) {
    return library.endsText.of(vocabulary, checked(token));
  }

  /**
   * Cuts a text into tokens. On a thread with a deep stack: the library goes as deep as some texts
   * are long.
   *
   * @param addSpecial the token that begins a text goes before it, where the model wants that
   * @param parseSpecial the names of special tokens in it are those tokens
   */
  int[] tokenise(String text, boolean addSpecial, boolean parseSpecial) throws LlamaFailure {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, utf8.length));
      MemorySegment.copy(utf8, 0, bytes, ValueLayout.JAVA_BYTE, 0, utf8.length);
      int room = utf8.length + 8;
      while (true) {
        MemorySegment ids = arena.allocate(ValueLayout.JAVA_INT, room);
        int count =
            library.tokenise.of(
                vocabulary, bytes, utf8.length, ids, room, addSpecial, parseSpecial);
        if (count >= 0) {
          return ids.asSlice(0, (long) count * Integer.BYTES).toArray(ValueLayout.JAVA_INT);
        }
        if (count == Integer.MIN_VALUE || -count <= room) {
          throw new LlamaFailure(
              "a text of %d bytes cannot be cut into tokens".formatted(utf8.length));
        }
        room = -count;
      }
    }
  }

  /** A token's bytes, which may be a part of a character; empty for special ones. One thread's. */
  byte[] piece(int token) {
    return pieces.computeIfAbsent(checked(token), each -> readPiece(each, false));
  }

  /** What a token is called; empty where there is none. */
  private String word(int token) {
    return token < 0 || token >= tokens
        ? ""
        : new String(readPiece(token, true), StandardCharsets.UTF_8);
  }

  /** No token stands for more bytes of a text. */
  private int longestToken() {
    int longest = 1;
    for (int token = 0; token < tokens; token++) {
      longest = Math.max(longest, readPiece(token, true).length);
    }
    return longest;
  }

  private byte[] readPiece(int token, boolean special) {
    int room = PIECE_ROOM;
    while (true) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(room);
        int length = library.piece.of(vocabulary, token, buffer, room, 0, special);
        if (length >= 0) {
          return buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        }
        room = -length;
      }
    }
  }

  /** The token, if it is one: any other number ends the process. */
  int checked(int token) {
    if (token < 0 || token >= tokens) {
      throw new IllegalArgumentException(
          "%d is no token of the model: they go from 0 to %d".formatted(token, tokens - 1));
    }
    return token;
  }

  @Override
  public void close() {
    library.freeModel.with(pointer);
  }
}
