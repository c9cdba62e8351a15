package dev.penstock.engine.llama;

import dev.penstock.engine.llama.Messages.News;
import dev.penstock.engine.llama.Messages.Turn;
import dev.penstock.subprocess.ChildProgram;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The child's side: one model, whose texts are made on a thread of their own, so that the one which
 * answers the node never waits for a step. The node asks for news in turns: a turn ends as soon as
 * there is any.
 */
public final class LlamaChild implements ChildProgram {
  /** The child program's name. */
  public static final String NAME = "llama";

  /** Native code goes deep: as deep as some texts are long, where they are cut into tokens. */
  private static final long STEP_STACK = 16L << 20;

  private static final long TEXT_STACK = 64L << 20;

  /** More is not told at once. Of which the node takes all in its next turns. */
  private static final int MOST_NEWS = 4_096;

  /** A mistake in this class, or in the library's binding. */
  private static final int BROKEN = 1;

  private final ExecutorService texts =
      Executors.newSingleThreadExecutor(task ->
          Thread.ofPlatform().name("llama-texts").daemon().stackSize(TEXT_STACK).unstarted(task));

  /** Guarded by itself. */
  private final Queue<ToNode> toTell = new ArrayDeque<>();

  private @Nullable LlamaLibrary library;
  private volatile @Nullable Thread steps;
  private volatile @Nullable SlotLoop loop;
  private volatile @Nullable LlamaModel model;

  @Override
  public byte[] answer(byte[] request) throws Exception {
    Turn turn = Messages.turn(request);
    turn.said().forEach(this::hear);
    List<ToNode> news = news(turn.patience());
    SlotLoop live = loop;
    return Messages.write(new News(news, live == null ? new SlotLoop.Health(0, 0) : live.health()));
  }

  private void hear(ToChild said) {
    SlotLoop live = loop;
    switch (said) {
      case ToChild.Open open -> open(open);
      case ToChild.Generate(var generation) -> opened(live).submit(generation);
      case ToChild.Cancel(long id) -> {
        if (live != null) {
          live.cancel(id);
        }
      }
      case ToChild.Tokenise text -> {
        LlamaModel open = opened(model);
        texts.execute(() -> tokenise(open, text));
      }
    }
  }

  /** The node takes this process for another one, which has died since. */
  private static <T> T opened(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException(
          "the child process llama has died, and a new one has no model");
    }
    return part;
  }

  private void open(ToChild.Open open) {
    Thread running = steps;
    if (running != null && running.isAlive()) {
      tell(new ToNode.CannotOpen("a model is open already", false));
      return;
    }
    steps =
        Thread.ofPlatform()
            .name("llama-steps")
            .daemon()
            .stackSize(STEP_STACK)
            .start(() -> run(open));
  }

  /** The thread of steps, from the opening on. */
  private void run(ToChild.Open open) {
    try {
      LlamaLibrary loaded = library;
      if (loaded == null) {
        loaded = LlamaLibrary.load(Path.of(open.library()), open.variant());
        library = loaded;
      }
      ModelPlan plan = open.plan();
      LlamaModel opened =
          LlamaModel.open(
              loaded,
              Path.of(plan.file()),
              plan.gpuLayers(),
              part -> tell(new ToNode.Loading((float) part)));
      LlamaContext context;
      try {
        context = LlamaContext.open(opened, plan);
      } catch (LlamaFailure e) {
        opened.close();
        throw e;
      }
      var live = new SlotLoop(context, Told::new);
      model = opened;
      loop = live;
      tell(new ToNode.Opened(context.info()));
      live.run();
    } catch (LlamaFailure e) {
      tell(new ToNode.CannotOpen(e.reason(), library != null));
    } catch (Throwable e) {
      // Whatever it is: a process whose steps have ended answers, and makes no text any more.
      System.err.println(e);
      Runtime.getRuntime().halt(BROKEN);
    }
  }

  private void tokenise(LlamaModel open, ToChild.Tokenise said) {
    try {
      List<Integer> tokens = new ArrayList<>();
      for (int token : open.tokenise(said.text(), said.addSpecial(), said.parseSpecial())) {
        tokens.add(token);
      }
      tell(new ToNode.Tokens(said.id(), tokens));
    } catch (LlamaFailure e) {
      tell(new ToNode.NoTokens(said.id(), e.reason()));
    } catch (Throwable e) {
      System.err.println(e);
      Runtime.getRuntime().halt(BROKEN);
    }
  }

  /** Tells the node of a text. */
  private final class Told implements GenerationListener {
    private final long id;

    Told(long id) {
      this.id = id;
    }

    @Override
    public void piece(int token, String text) {
      tell(new ToNode.Piece(id, token, text));
    }

    @Override
    public void ended(Ending ending) {
      tell(new ToNode.Ended(id, ending));
    }
  }

  private void tell(ToNode said) {
    synchronized (toTell) {
      boolean interrupted = false;
      // Nobody may hold the thread that answers: what it says itself comes in any case.
      while (toTell.size() >= MOST_NEWS && Thread.currentThread().equals(steps) && !interrupted) {
        try {
          toTell.wait();
        } catch (InterruptedException e) {
          interrupted = true; // nobody interrupts it
        }
      }
      if (said instanceof ToNode.Loading) {
        toTell.removeIf(ToNode.Loading.class::isInstance); // only the newest is of use
      }
      toTell.add(said);
      toTell.notifyAll();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What there is to tell; waits for something, at most that long. */
  private List<ToNode> news(Duration wait) throws InterruptedException {
    long until = System.nanoTime() + wait.toNanos();
    synchronized (toTell) {
      for (long left = wait.toMillis();
          toTell.isEmpty() && left > 0;
          left = (until - System.nanoTime()) / 1_000_000) {
        toTell.wait(left);
      }
      List<ToNode> news = List.copyOf(toTell);
      toTell.clear();
      toTell.notifyAll();
      return news;
    }
  }
}
