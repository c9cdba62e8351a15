package dev.penstock.cli;

import dev.penstock.base.Backoff;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * Tasks that are waited for, in rounds of look-ups. A round has those that came first, which end
 * first as a rule, and some of the others in turn.
 */
final class Waiting implements AutoCloseable {
  private static final int MAX_IDS = 10_000;
  private static final int HALF_ROUND = 64;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(30);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration FOREVER = Duration.ofDays(365);

  private final Io io;
  private final Lookups lookups;
  private final IdSource source;
  private final SequencedSet<String> first = new LinkedHashSet<>();
  private final SequencedSet<String> rest = new LinkedHashSet<>();
  private int worst = ExitCode.OK;

  Waiting(Client client, Io io, IdSource source) {
    this.io = io;
    this.lookups = new Lookups(client);
    this.source = source;
  }

  /** Prints each task that ends; returns the exit code they stand for. */
  int run(Duration timeout) throws Failure, InterruptedException {
    Deadline deadline = Deadline.in(timeout.compareTo(FOREVER) < 0 ? timeout : FOREVER);
    var backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE);
    take(deadline.left());
    while (count() > 0 || !source.ended()) {
      if (count() > 0 && round(deadline)) {
        backoff.reset();
      } else if (deadline.over()) {
        throw new Failure(ExitCode.TIMED_OUT, unfinished());
      } else if (count() > 0) {
        deadline.sleep(backoff.pause());
      }
      take(count() == 0 ? deadline.left() : Duration.ZERO);
    }
    return source.refused() ? ExitCode.worse(worst, ExitCode.REFUSED) : worst;
  }

  private String unfinished() {
    return switch (count()) {
      case 0 -> "no more ids came in time";
      case 1 -> "1 task has not ended in time: " + first.getFirst();
      default ->
          String.format(
              Locale.ROOT,
              "%,d tasks have not ended in time, the first is %s",
              count(),
              first.getFirst());
    };
  }

  private int count() {
    return first.size() + rest.size();
  }

  /** Takes the ids that are there; waits for the first of them. */
  private void take(Duration wait) throws Failure, InterruptedException {
    Optional<String> id = count() < MAX_IDS ? source.next(wait) : Optional.empty();
    while (id.isPresent()) {
      if (!first.contains(id.get())) {
        rest.add(id.get());
      }
      id = count() < MAX_IDS ? source.next(Duration.ZERO) : Optional.empty();
    }
    while (first.size() < HALF_ROUND && !rest.isEmpty()) {
      first.add(rest.removeFirst());
    }
  }

  /** Whether a task has ended. */
  private boolean round(Deadline deadline) throws Failure, InterruptedException {
    List<String> ids = new ArrayList<>(first);
    for (int i = 0; i < HALF_ROUND && !rest.isEmpty(); i++) {
      ids.add(rest.removeFirst());
    }
    boolean ended = false;
    for (Lookups.Found found : lookups.all(ids, deadline)) {
      switch (found) {
        case Lookups.Found.Running(var id) -> {
          if (!first.contains(id)) {
            rest.add(id);
          }
          continue;
        }
        case Lookups.Found.Ended(var id, var task) -> {
          io.line(JsonLines.line(task));
          worst = ExitCode.worse(worst, Tasks.exitCode(task));
        }
        case Lookups.Found.Refused(var id, var why) -> {
          io.complain(id + ": " + why);
          worst = ExitCode.worse(worst, ExitCode.REFUSED);
        }
      }
      first.remove(found.id());
      ended = true;
    }
    return ended;
  }

  @Override
  public void close() {
    lookups.close();
  }
}
