package dev.penstock.engine;

import dev.penstock.models.ModelSource;
import dev.penstock.models.ModelSpec;
import dev.penstock.models.SourceReader;

/** What opens models and runs them. A new one is a room below this one, and a line in Backends. */
public interface Backend extends SourceReader {

  /**
   * Opens a model and tries it out. May block for as long as that takes: for platform threads.
   *
   * @param source one of this backend's, of the model
   */
  ModelEngine open(ModelSpec spec, ModelSource source, EngineParts parts) throws Exception;

  /** Memory of this process that the model is expected to take while it is open, in bytes. */
  default long memory(ModelSource source) {
    return 0;
  }

  /** The same as a rule, without what it may take at most. */
  default long usualMemory(ModelSource source) {
    return memory(source);
  }

  /** Both, where they depend on how the model will be opened; its other processes included. */
  default MemoryNeed need(ModelSpec spec, ModelSource source, EngineParts parts) {
    return new MemoryNeed(memory(source), usualMemory(source));
  }

  /** Whether it opens models in processes of their own: none is tried in another one before. */
  default boolean apart() {
    return false;
  }
}
