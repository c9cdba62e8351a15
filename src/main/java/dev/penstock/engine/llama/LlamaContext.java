package dev.penstock.engine.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/**
 * The memory of what a model has read, in slots, and the steps that it makes. Of each slot it knows
 * how long its text is, so positions are always in order. For one thread.
 */
final class LlamaContext implements AutoCloseable {
  /** Bytes of llama_context_params of v0.4.0, and where in it what is. */
  private static final int PARAMS = 0xa0;

  private static final int CELLS = 0;
  private static final int BATCH = 4;
  private static final int MICRO_BATCH = 8;
  private static final int SLOTS = 0xc;
  private static final int THREADS = 0x1c;
  private static final int BATCH_THREADS = 0x20;
  private static final int FLASH_ATTENTION = 0x34;
  private static final int KEY_TYPE = 0x68;
  private static final int VALUE_TYPE = 0x6c;

  /** ggml's numbers of types. */
  private static final int FLOAT = 0;

  private static final int HALF = 1;
  private static final Map<Integer, Integer> KNOWN =
      Map.ofEntries(
          Map.entry(CELLS, 512),
          Map.entry(BATCH, 2048),
          Map.entry(MICRO_BATCH, 512),
          Map.entry(SLOTS, 1),
          Map.entry(0x18, 1),
          Map.entry(THREADS, 4),
          Map.entry(BATCH_THREADS, 4),
          Map.entry(FLASH_ATTENTION, -1),
          Map.entry(KEY_TYPE, HALF),
          Map.entry(VALUE_TYPE, HALF),
          Map.entry(0x80, 0x1010100));

  private static final int MOST_MICRO_BATCH = 512;
  private static final int ALL = -1;

  private final LlamaLibrary library;
  private final LlamaModel model;
  private final MemorySegment pointer;
  private final MemorySegment memory;
  private final int context;
  private final boolean full;
  private final int[] lengths;

  /** The step that is being filled. */
  private final Arena arena = Arena.ofShared();

  private final int room;
  private final MemorySegment tokens;
  private final MemorySegment positions;
  private final MemorySegment slots;
  private final MemorySegment wanted;
  private final MemorySegment batch;
  private int filled;

  /** A step that llama.cpp did not make. What the slots hold is not known any more. */
  static final class StepFailed extends LlamaFailure {
    private static final long serialVersionUID = 1L;

    StepFailed(String message) {
      super(message);
    }
  }

  /**
   * Makes one.
   *
   * @throws LlamaFailure when there is no memory for it, or it is not as it was asked for
   */
  static LlamaContext open(LlamaModel model, ModelPlan plan) throws LlamaFailure {
    LlamaLibrary library = model.library;
    int context = plan.context() == 0 ? model.trainedContext() : plan.context();
    long cells = (long) context * plan.slots();
    if (context <= 0 || cells > Integer.MAX_VALUE) {
      throw new LlamaFailure("%d slots of %d tokens are too many".formatted(plan.slots(), context));
    }
    library.log.forget();
    try (Arena arena = Arena.ofConfined()) {
      Params params =
          Params.defaults(arena, library.contextDefaults, "llama_context_params", PARAMS, KNOWN)
              .set(CELLS, (int) cells)
              .set(BATCH, plan.step())
              .set(MICRO_BATCH, Math.min(plan.step(), MOST_MICRO_BATCH))
              .set(SLOTS, plan.slots())
              .set(THREADS, plan.threads())
              .set(BATCH_THREADS, plan.threads());
      if (plan.fullCache()) {
        params.set(KEY_TYPE, FLOAT).set(VALUE_TYPE, FLOAT);
      }
      if (plan.gpuLayers() == 0) {
        params.set(FLASH_ATTENTION, 0); // slower, on a CPU
      }
      MemorySegment pointer = library.makeContext.of(model.pointer, params.struct());
      if (pointer.address() == 0) {
        throw new LlamaFailure(library.log.reason("there is no memory for its context"));
      }
      if (library.contextSlots.of(pointer) != plan.slots()
          || library.contextThreads.of(pointer) != plan.threads()
          || library.contextCells.of(pointer) < cells) {
        library.freeContext.with(pointer);
        throw new LlamaFailure(
            "the library is of another release: its context is not as asked for");
      }
      return new LlamaContext(model, pointer, context, plan);
    }
  }

  private LlamaContext(LlamaModel model, MemorySegment pointer, int context, ModelPlan plan) {
    this.library = model.library;
    this.model = model;
    this.pointer = pointer;
    this.context = context;
    memory = library.memory.of(pointer);
    full = plan.fullCache();
    lengths = new int[plan.slots()];
    // What it takes, not what was asked for: more ends the process.
    room = library.contextBatch.of(pointer);
    tokens = arena.allocate(ValueLayout.JAVA_INT, room);
    positions = arena.allocate(ValueLayout.JAVA_INT, room);
    this.slots = arena.allocate(ValueLayout.JAVA_INT, room);
    wanted = arena.allocate(ValueLayout.JAVA_BYTE, room);
    MemorySegment ones = arena.allocate(ValueLayout.JAVA_INT, room);
    MemorySegment each = arena.allocate(ValueLayout.ADDRESS, room);
    for (int i = 0; i < room; i++) {
      ones.setAtIndex(ValueLayout.JAVA_INT, i, 1);
      each.setAtIndex(ValueLayout.ADDRESS, i, this.slots.asSlice((long) i * Integer.BYTES));
    }
    batch = LlamaLibrary.batch(arena, tokens, MemorySegment.NULL, positions, ones, each, wanted);
  }

  LlamaModel model() {
    return model;
  }

  int slots() {
    return lengths.length;
  }

  /** What it and its model say of themselves. */
  ModelInfo info() {
    long perToken = model.cachedNumbers() * (full ? Float.BYTES : Short.BYTES);
    return model.info(context, slots(), perToken * context * slots());
  }

  /** Tokens that each slot has room for. */
  int context() {
    return context;
  }

  /** How long the text of a slot is. */
  int length(int slot) {
    return lengths[slot];
  }

  /** How many more tokens the step takes. */
  int free() {
    return room - filled;
  }

  /**
   * Adds a token to the step, at the end of the slot's text.
   *
   * @param scored whether {@link #scores} is asked for what follows it; once in a step for a slot
   * @return its place in the step
   */
  int add(int slot, int token, boolean scored) {
    if (filled == room || lengths[slot] == context) {
      throw new IllegalStateException("no room for a token more");
    }
    tokens.setAtIndex(ValueLayout.JAVA_INT, filled, model.checked(token));
    positions.setAtIndex(ValueLayout.JAVA_INT, filled, lengths[slot]++);
    slots.setAtIndex(ValueLayout.JAVA_INT, filled, slot);
    wanted.set(ValueLayout.JAVA_BYTE, filled, (byte) (scored ? 1 : 0));
    return filled++;
  }

  /** Makes the step. Blocks for as long as that takes. */
  void step() throws StepFailed {
    int count = filled;
    filled = 0;
    if (count == 0) {
      return;
    }
    batch.set(ValueLayout.JAVA_INT, 0, count);
    library.log.forget();
    int code = library.decode.of(pointer, batch);
    if (code != 0) {
      throw new StepFailed(
          "llama.cpp made no step (%d): %s"
              .formatted(code, library.log.reason("without a reason")));
    }
  }

  /**
   * Reads the scores of all tokens, for what follows a place of the last step.
   *
   * @param into as many as there are tokens
   */
  @SuppressWarnings("restricted")
  void scores(int place, float[] into) throws StepFailed {
    if (place < 0 || place >= room || wanted.get(ValueLayout.JAVA_BYTE, place) == 0) {
      throw new IllegalArgumentException("nobody asked for the scores after " + place);
    }
    MemorySegment row = library.logits.of(pointer, place);
    if (row.address() == 0) {
      throw new StepFailed("llama.cpp has no scores after " + place);
    }
    MemorySegment.copy(
        row.reinterpret((long) into.length * Float.BYTES),
        ValueLayout.JAVA_FLOAT,
        0,
        into,
        0,
        into.length);
  }

  /** Empties a slot. */
  void forget(int slot) {
    lengths[slot] = 0;
    boolean _ = library.remove.of(memory, slot, ALL, ALL);
  }

  /** Gives an empty slot the text of another, without computing it. */
  void copy(int from, int to) {
    if (lengths[to] != 0) {
      throw new IllegalStateException("the slot is in use");
    }
    library.copy.of(memory, from, to, ALL, ALL);
    lengths[to] = lengths[from];
  }

  /** The model stays open. */
  @Override
  public void close() {
    library.freeContext.with(pointer);
    arena.close();
  }
}
