package dev.penstock.engine.llama;

import dev.penstock.core.TimeLimit;
import dev.penstock.engine.GenerationPiece;
import dev.penstock.engine.Generator;
import dev.penstock.task.Priority;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Asks for a text, and keeps what it is told. */
final class Asked implements Generator.Asker {
  final List<GenerationPiece> pieces = new CopyOnWriteArrayList<>();
  final List<String> clock = new CopyOnWriteArrayList<>();
  volatile boolean begun;
  private final List<int[]> before;

  /** Told how many pieces there are. */
  private final IntConsumer seen;

  Asked() {
    this(List.of(), _ -> {});
  }

  Asked(List<int[]> before, IntConsumer seen) {
    this.before = before;
    this.seen = seen;
  }

  List<Integer> tokens(int choice) {
    return pieces.stream()
        .filter(piece -> piece.choice() == choice)
        .flatMap(piece -> Arrays.stream(piece.ids()).boxed())
        .toList();
  }

  String text(int choice) {
    return pieces.stream()
        .filter(piece -> piece.choice() == choice)
        .map(GenerationPiece::content)
        .collect(Collectors.joining());
  }

  /** All of what it was told, in a form that can be compared. */
  List<String> told() {
    return pieces.stream()
        .map(piece -> piece.choice() + Arrays.toString(piece.ids()) + piece.content())
        .toList();
  }

  @Override
  public String owner() {
    return "somebody";
  }

  @Override
  public Priority priority() {
    return Priority.TASK;
  }

  @Override
  public @Nullable TimeLimit limit() {
    return new TimeLimit() {
      @Override
      public void stand() {
        clock.add("stand");
      }

      @Override
      public void pass() {
        clock.add("pass");
      }

      @Override
      public void goOn() {
        clock.add("goOn");
      }

      @Override
      public long nanosLeft() {
        return Long.MAX_VALUE;
      }
    };
  }

  @Override
  public List<int[]> before() {
    return before;
  }

  @Override
  public void begun() {
    begun = true;
  }

  @Override
  public void piece(GenerationPiece piece) {
    pieces.add(piece);
    seen.accept(pieces.size());
  }
}
