package dev.penstock.engine;

import dev.penstock.models.ModelSpec;
import java.util.concurrent.CompletableFuture;

/** One model, open or under way, with its users. {@link ModelEngines} guards it. */
final class ModelSlot {
  final ModelSpec spec;

  /** What it takes, by estimate. */
  final MemoryNeed need;

  final CompletableFuture<ModelEngine> engine = new CompletableFuture<>();
  int users;

  /** Since when it has no users, by the engines' clock. */
  long idleSince;

  ModelSlot(ModelSpec spec, MemoryNeed need) {
    this.spec = spec;
    this.need = need;
  }

  String name() {
    return spec.name();
  }

  boolean open() {
    return engine.state() == CompletableFuture.State.SUCCESS;
  }

  boolean failed() {
    return engine.isCompletedExceptionally();
  }

  boolean idle() {
    return users == 0 && open();
  }

  /** Lets running batches finish, and gives their memory back. A no-op where it never opened. */
  void close() {
    if (open()) {
      engine.resultNow().close();
      NativeHeap.giveBack();
    }
  }

  EngineStatus status() {
    return switch (engine.state()) {
      case RUNNING -> EngineStatus.unopened(name(), EngineStatus.State.OPENING, "");
      case SUCCESS -> engine.resultNow().status();
      case FAILED, CANCELLED ->
          EngineStatus.unopened(
              name(),
              EngineStatus.State.FAILED,
              new ModelFailure(name(), engine.exceptionNow()).reason());
    };
  }
}
