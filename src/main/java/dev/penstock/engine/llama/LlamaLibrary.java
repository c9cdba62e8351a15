package dev.penstock.engine.llama;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The native library, loaded into this process for good. Its functions take what they are given:
 * what is wrong ends the process, so only {@link LlamaModel} and {@link LlamaContext} call them.
 */
final class LlamaLibrary {
  private static final int POINTERS_AT = 8;
  private static final StructLayout BATCH =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_INT,
          MemoryLayout.paddingLayout(POINTERS_AT - Integer.BYTES),
          MemoryLayout.sequenceLayout(6, ValueLayout.ADDRESS));

  final LlamaLog log = new LlamaLog();
  final Shape.Struct modelDefaults;
  final Shape.Struct contextDefaults;
  final Shape.OfStruct loadModel;
  final Shape.Done freeModel;
  final Shape.OfStruct makeContext;
  final Shape.Done freeContext;
  final Shape.NumberOfStruct decode;
  final Shape.NumberPointer logits;
  final Shape.Pointer memory;
  final Shape.Remove remove;
  final Shape.Copy copy;
  final Shape.WholeNumber contextCells;
  final Shape.WholeNumber contextBatch;
  final Shape.WholeNumber contextSlots;
  final Shape.WholeNumber contextThreads;
  final Shape.Pointer vocabulary;
  final Shape.WholeNumber tokens;
  final Shape.WholeNumber beginToken;
  final Shape.WholeNumber endToken;
  final Shape.Truth addsBegin;
  final Shape.NumberTruth endsText;
  final Shape.Tokenise tokenise;
  final Shape.Piece piece;
  final Shape.WholeNumber trainedContext;
  final Shape.WholeNumber layers;
  final Shape.WholeNumber heads;
  final Shape.WholeNumber cacheHeads;
  final Shape.WholeNumber width;
  final Shape.LongNumber weightBytes;
  final Shape.LongNumber parameters;
  final Shape.Truth encodes;
  final Shape.Truth decodes;
  final Shape.Written description;
  final Shape.WrittenOf metadata;
  final Shape.TwoPointers chatTemplate;

  /**
   * Loads it. Once in a process.
   *
   * @param folder has the library and its parts
   * @param variant which code for CPUs, as the names of its files end: null picks the best for this
   *     machine, {@code x64} runs everywhere
   * @throws LlamaFailure when it is not there, or another release
   */
  static LlamaLibrary load(Path folder, @Nullable String variant) throws LlamaFailure {
    Path file =
        LibraryFolder.library(folder)
            .orElseThrow(() -> new LlamaFailure("there is no libllama in " + folder));
    // Otherwise a failed assertion starts a debugger, which waits for somebody.
    setEnvironment("GGML_NO_BACKTRACE", "1");
    var all = new NativeFunctions(open(file));
    var library = new LlamaLibrary(all);
    library.listen(all);
    // Its parts, which the loader has brought with it.
    Path parts = part(folder, "(lib)?ggml\\.[^-]*(so|dylib|dll)");
    library.loadCode(new NativeFunctions(open(parts)), folder, variant);
    all.bind(Shape.Nothing.class, "llama_backend_init").call();
    return library;
  }

  @SuppressWarnings("restricted")
  private static SymbolLookup open(Path file) throws LlamaFailure {
    try {
      return SymbolLookup.libraryLookup(file.toAbsolutePath(), Arena.global());
    } catch (IllegalArgumentException e) {
      throw new LlamaFailure("%s cannot be loaded: %s".formatted(file, e.getMessage()));
    }
  }

  private static Path part(Path folder, String name) throws LlamaFailure {
    try (var files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches(name))
          .sorted()
          .findFirst()
          .orElseThrow(() -> new LlamaFailure("%s has no %s in it".formatted(folder, name)));
    } catch (IOException e) {
      throw new LlamaFailure("%s cannot be read: %s".formatted(folder, e.getMessage()));
    }
  }

  private static void setEnvironment(String name, String value) throws LlamaFailure {
    var system = new NativeFunctions(Linker.nativeLinker().defaultLookup());
    try (Arena arena = Arena.ofConfined()) {
      int _ =
          system
              .bind(Shape.SetVariable.class, "setenv")
              .of(arena.allocateFrom(name), arena.allocateFrom(value), 1);
    }
  }

  private LlamaLibrary(NativeFunctions all) throws LlamaFailure {
    modelDefaults = defaults(all, "llama_model_default_params");
    contextDefaults = defaults(all, "llama_context_default_params");
    loadModel = withParams(all, "llama_model_load_from_file");
    freeModel = all.bind(Shape.Done.class, "llama_model_free");
    makeContext = withParams(all, "llama_init_from_model");
    freeContext = all.bind(Shape.Done.class, "llama_free");
    decode =
        all.bind(
            Shape.NumberOfStruct.class,
            "llama_decode",
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, BATCH));
    logits = all.bind(Shape.NumberPointer.class, "llama_get_logits_ith");
    memory = all.bind(Shape.Pointer.class, "llama_get_memory");
    remove = all.bind(Shape.Remove.class, "llama_memory_seq_rm");
    copy = all.bind(Shape.Copy.class, "llama_memory_seq_cp");
    contextCells = all.bind(Shape.WholeNumber.class, "llama_n_ctx");
    contextBatch = all.bind(Shape.WholeNumber.class, "llama_n_batch");
    contextSlots = all.bind(Shape.WholeNumber.class, "llama_n_seq_max");
    contextThreads = all.bind(Shape.WholeNumber.class, "llama_n_threads");
    vocabulary = all.bind(Shape.Pointer.class, "llama_model_get_vocab");
    tokens = all.bind(Shape.WholeNumber.class, "llama_vocab_n_tokens");
    beginToken = all.bind(Shape.WholeNumber.class, "llama_vocab_bos");
    endToken = all.bind(Shape.WholeNumber.class, "llama_vocab_eos");
    addsBegin = all.bind(Shape.Truth.class, "llama_vocab_get_add_bos");
    endsText = all.bind(Shape.NumberTruth.class, "llama_vocab_is_eog");
    tokenise = all.bind(Shape.Tokenise.class, "llama_tokenize");
    piece = all.bind(Shape.Piece.class, "llama_token_to_piece");
    trainedContext = all.bind(Shape.WholeNumber.class, "llama_model_n_ctx_train");
    layers = all.bind(Shape.WholeNumber.class, "llama_model_n_layer");
    heads = all.bind(Shape.WholeNumber.class, "llama_model_n_head");
    cacheHeads = all.bind(Shape.WholeNumber.class, "llama_model_n_head_kv");
    width = all.bind(Shape.WholeNumber.class, "llama_model_n_embd");
    weightBytes = all.bind(Shape.LongNumber.class, "llama_model_size");
    parameters = all.bind(Shape.LongNumber.class, "llama_model_n_params");
    encodes = all.bind(Shape.Truth.class, "llama_model_has_encoder");
    decodes = all.bind(Shape.Truth.class, "llama_model_has_decoder");
    description = all.bind(Shape.Written.class, "llama_model_desc");
    metadata = all.bind(Shape.WrittenOf.class, "llama_model_meta_val_str");
    chatTemplate = all.bind(Shape.TwoPointers.class, "llama_model_chat_template");
  }

  private static Shape.Struct defaults(NativeFunctions all, String name) throws LlamaFailure {
    return all.bind(Shape.Struct.class, name, FunctionDescriptor.of(Params.LAYOUT));
  }

  private static Shape.OfStruct withParams(NativeFunctions all, String name) throws LlamaFailure {
    return all.bind(
        Shape.OfStruct.class,
        name,
        FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, Params.LAYOUT));
  }

  /** A batch's struct: how many tokens, and pointers to tokens, none, positions and so on. */
  static MemorySegment batch(Arena arena, MemorySegment... pointers) {
    MemorySegment batch = arena.allocate(BATCH);
    for (int i = 0; i < pointers.length; i++) {
      batch.set(ValueLayout.ADDRESS, POINTERS_AT + i * ValueLayout.ADDRESS.byteSize(), pointers[i]);
    }
    return batch;
  }

  @SuppressWarnings("restricted")
  private void listen(NativeFunctions all) throws LlamaFailure {
    try {
      var take =
          MethodHandles.lookup()
              .findVirtual(
                  LlamaLog.class,
                  "take",
                  MethodType.methodType(
                      void.class, int.class, MemorySegment.class, MemorySegment.class))
              .bindTo(log);
      MemorySegment stub =
          Linker.nativeLinker()
              .upcallStub(
                  take,
                  FunctionDescriptor.ofVoid(
                      ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS),
                  Arena.global());
      all.bind(Shape.TwoDone.class, "llama_log_set").with(stub, MemorySegment.NULL);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e); // it is there
    }
  }

  private void loadCode(NativeFunctions ggml, Path folder, @Nullable String variant)
      throws LlamaFailure {
    try (Arena arena = Arena.ofConfined()) {
      if (variant == null) {
        ggml.bind(Shape.Done.class, "ggml_backend_load_all_from_path")
            .with(arena.allocateFrom(folder.toAbsolutePath().toString()));
      } else {
        Path file = part(folder, "(lib)?ggml-cpu-" + Pattern.quote(variant) + "\\.[a-z]+");
        MemorySegment loaded =
            ggml.bind(Shape.Pointer.class, "ggml_backend_load")
                .of(arena.allocateFrom(file.toAbsolutePath().toString()));
        if (loaded.address() == 0) {
          throw new LlamaFailure("this machine cannot run " + file.getFileName());
        }
      }
    }
  }
}
