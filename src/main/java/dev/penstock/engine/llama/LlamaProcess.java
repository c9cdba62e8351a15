package dev.penstock.engine.llama;

import dev.penstock.engine.llama.Messages.News;
import dev.penstock.engine.llama.Messages.Turn;
import dev.penstock.subprocess.ChildAnswer;
import dev.penstock.subprocess.ChildLimits;
import dev.penstock.subprocess.ChildProcesses;
import dev.penstock.subprocess.Subprocess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's side: a model in a child process of its own. When that dies every text in it ends with
 * {@link Ending.Cause#DIED}; what each had made so far, who asked for it may go on from after it
 * has opened the model anew. For use by many threads.
 */
final class LlamaProcess implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LlamaProcess.class);
  private static final int MIB = 1 << 20;
  private static final int HEAP_MIB = 128;
  private static final int MESSAGE = 16 * MIB;

  /** Characters of a text that is cut into tokens. */
  static final int LONGEST_TEXT = 4 * MIB;

  private static final Duration START = Duration.ofSeconds(30);

  /** It ends when it is closed, not for want of work. */
  private static final Duration NEVER = Duration.ofDays(3_650);

  /** How long a turn waits for news: what is said meanwhile is heard that much later. */
  private static final Duration TURN = Duration.ofMillis(20);

  /** What one turn brings, beside a single message that is longer. */
  private static final long TURN_BYTES = 4 * MIB;

  /** Why a text ends that came too late, or too early. */
  static final String NOT_OPEN = "no model is open";

  private final ChildProcesses children;
  private final Subprocess process;
  private final Patience patience;

  /** What waits for the child, by number. Guarded by this, as all below. */
  private final Map<Long, GenerationListener> texts = new HashMap<>();

  private final Map<Long, CompletableFuture<List<Integer>>> cuts = new HashMap<>();
  private final List<ToChild> toSay = new ArrayList<>();
  private @Nullable Opening opening;
  private boolean open;
  private boolean talking;
  private boolean closed;
  private long numbers;

  private record Opening(DoubleConsumer progress, CompletableFuture<ModelInfo> info) {}

  /**
   * How long the child may take; it is ended where it takes longer.
   *
   * @param answer until it answers, which it does beside its work
   * @param step for one step
   */
  record Patience(Duration answer, Duration step) {
    static final Patience USUAL = new Patience(Duration.ofSeconds(60), Duration.ofMinutes(10));
  }

  /** The process is gone, or was never there: nothing is wrong with what was asked. */
  static final class Died extends LlamaFailure {
    private static final long serialVersionUID = 1L;

    Died(String reason) {
      super(reason);
    }
  }

  /** The library does not take the model's file, or there is no memory for it. */
  static final class Unfit extends LlamaFailure {
    private static final long serialVersionUID = 1L;

    Unfit(String reason) {
      super(reason);
    }
  }

  LlamaProcess(ChildProcesses children, Patience patience) {
    this.children = children;
    process =
        children.open(
            LlamaChild.NAME,
            new ChildLimits(HEAP_MIB, 16, MESSAGE, MESSAGE, 16 * MIB, START, NEVER));
    this.patience = patience;
  }

  /**
   * Opens the model, in a new process where there is none. Blocks for as long as that takes.
   *
   * @param library the folder of the native library
   * @param variant which code for CPUs: null picks the best
   * @param progress told how far it is, from 0 to 1, on another thread
   * @throws LlamaFailure saying why it cannot be opened. The process may have died of it
   */
  ModelInfo open(Path library, @Nullable String variant, ModelPlan plan, DoubleConsumer progress)
      throws LlamaFailure, InterruptedException {
    var asked = new Opening(progress, new CompletableFuture<>());
    synchronized (this) {
      if (closed || open || opening != null) {
        throw new LlamaFailure(closed ? "the program is stopping" : "a model is open already");
      }
      opening = asked;
      say(new ToChild.Open(library.toAbsolutePath().toString(), variant, plan));
    }
    return await(asked.info());
  }

  /**
   * Cuts a text into tokens. Blocks.
   *
   * @param addSpecial the token that begins a text goes before it, where the model wants that
   * @param parseSpecial the names of special tokens in it are those tokens
   */
  List<Integer> tokenise(String text, boolean addSpecial, boolean parseSpecial)
      throws LlamaFailure, InterruptedException {
    if (text.length() > LONGEST_TEXT) {
      throw new LlamaFailure("a text of more than %d characters".formatted(LONGEST_TEXT));
    }
    var asked = new CompletableFuture<List<Integer>>();
    synchronized (this) {
      if (!open) {
        throw new Died(NOT_OPEN);
      }
      long id = ++numbers;
      cuts.put(id, asked);
      say(new ToChild.Tokenise(id, text, addSpecial, parseSpecial));
    }
    return await(asked);
  }

  private static <T> T await(CompletableFuture<T> asked) throws LlamaFailure, InterruptedException {
    try {
      return asked.get(); // the child's limits end it
    } catch (ExecutionException e) {
      throw e.getCause() instanceof LlamaFailure failure ? failure : new LlamaFailure(e.toString());
    }
  }

  /** Makes a number for a text; none is given twice. */
  synchronized long number() {
    return ++numbers;
  }

  /** Has a text made. Returns at once. */
  void generate(Generation generation, GenerationListener listener) {
    synchronized (this) {
      if (open) {
        texts.put(generation.id(), listener);
        say(new ToChild.Generate(generation));
        return;
      }
    }
    listener.ended(Ending.died(NOT_OPEN));
  }

  /** Nobody wants that text any more. It ends soon, one way or another. */
  synchronized void cancel(long id) {
    if (texts.containsKey(id)) {
      say(new ToChild.Cancel(id));
    }
  }

  private synchronized void say(ToChild said) {
    toSay.add(said);
    if (!talking) {
      talking = true;
      Thread.ofVirtual().name("llama-talk").start(this::talk);
    }
  }

  /** Takes turns with the child as long as anything is to come from it. */
  private void talk() {
    while (true) {
      List<ToChild> said = next();
      if (said == null) {
        return;
      }
      try {
        turn(said);
      } catch (InterruptedException e) {
        return; // nobody interrupts it
      } catch (RuntimeException | IOException e) {
        LOG.error("talking to the child process failed", e);
        died("talking to the child process failed: " + e);
      }
    }
  }

  /** What is to be said next; null: there is nothing to come. */
  private synchronized @Nullable List<ToChild> next() {
    if (toSay.isEmpty() && texts.isEmpty() && cuts.isEmpty() && opening == null) {
      talking = false;
      return null;
    }
    List<ToChild> said = new ArrayList<>();
    long bytes = 0;
    while (!toSay.isEmpty() && (said.isEmpty() || bytes + bytes(toSay.getFirst()) <= TURN_BYTES)) {
      ToChild first = toSay.removeFirst();
      bytes += bytes(first);
      said.add(first);
    }
    return said;
  }

  /** About how long its message is. */
  private static long bytes(ToChild said) {
    return switch (said) {
      case ToChild.Generate(var it) ->
          (long) (it.prompt().size() + it.before().size()) * Integer.BYTES;
      case ToChild.Tokenise cut -> cut.text().length();
      case ToChild.Open _, ToChild.Cancel _ -> 0;
    };
  }

  private void turn(List<ToChild> said) throws InterruptedException, IOException {
    switch (process.call(Messages.write(new Turn(said, TURN)), patience.answer())) {
      case ChildAnswer.Answered(byte[] answer) -> {
        News news = Messages.news(answer);
        news.said().forEach(this::hear);
        if (news.health().stepNanos() > patience.step().toNanos()) {
          process.end();
          died("the child process llama took too long for one step");
        }
      }
      case ChildAnswer.Crashed(String reason) -> died(reason);
      case ChildAnswer.Refused(String error) -> {
        process.end(); // the two do not understand each other
        died(error);
      }
      case ChildAnswer.Unavailable(String reason, Duration _) -> died(reason);
    }
  }

  private void hear(ToNode said) {
    switch (said) {
      case ToNode.Loading(float part) -> {
        Opening asked = opening();
        if (asked != null) {
          asked.progress().accept(part);
        }
      }
      case ToNode.Opened(var info) -> {
        Opening asked = opened(true);
        if (asked != null) {
          asked.info().complete(info);
        }
      }
      case ToNode.CannotOpen(var reason, boolean unfit) -> {
        Opening asked = opened(false);
        if (asked != null) {
          asked.info().completeExceptionally(unfit ? new Unfit(reason) : new LlamaFailure(reason));
        }
      }
      case ToNode.Tokens(long id, var tokens) -> {
        var asked = cut(id);
        if (asked != null) {
          asked.complete(tokens);
        }
      }
      case ToNode.NoTokens(long id, var reason) -> {
        var asked = cut(id);
        if (asked != null) {
          asked.completeExceptionally(new LlamaFailure(reason));
        }
      }
      case ToNode.Piece(long id, int token, var text) -> {
        GenerationListener listener = listener(id);
        if (listener != null) {
          listener.piece(token, text);
        }
      }
      case ToNode.Ended(long id, var ending) -> {
        GenerationListener listener = forget(id);
        if (listener != null) {
          listener.ended(ending);
        }
      }
    }
  }

  private synchronized @Nullable Opening opening() {
    return opening;
  }

  private synchronized @Nullable Opening opened(boolean whether) {
    Opening asked = opening;
    opening = null;
    open = whether;
    return asked;
  }

  private synchronized @Nullable CompletableFuture<List<Integer>> cut(long id) {
    return cuts.remove(id);
  }

  private synchronized @Nullable GenerationListener listener(long id) {
    return texts.get(id);
  }

  private synchronized @Nullable GenerationListener forget(long id) {
    return texts.remove(id);
  }

  /** Everything that waits for the process hears that it is gone. */
  private void died(String reason) {
    Opening asked;
    List<CompletableFuture<List<Integer>>> lostCuts;
    List<GenerationListener> lost;
    synchronized (this) {
      asked = opening;
      lostCuts = List.copyOf(cuts.values());
      lost = List.copyOf(texts.values());
      opening = null;
      open = false;
      cuts.clear();
      texts.clear();
      toSay.clear();
    }
    var failure = new Died(reason);
    if (asked != null) {
      asked.info().completeExceptionally(failure);
    }
    lostCuts.forEach(each -> each.completeExceptionally(failure));
    lost.forEach(each -> each.ended(Ending.died(reason)));
  }

  /**
   * Ends the process for good; what runs in it ends with {@link Ending.Cause#DIED}. Blocks, with a
   * limit.
   */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    died("the program is stopping"); // so that nothing is said any more, for which a process would
    // start
    try {
      process.end(); // by itself, where it can
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    children.close(process);
  }
}
