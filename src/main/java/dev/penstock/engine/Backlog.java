package dev.penstock.engine;

import dev.penstock.engine.Job.Sequence;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a model, and the choice of its next batch. Pure bookkeeping: the {@link Batcher}
 * guards it and gives it the time.
 *
 * <p>The most urgent priority leads. Within it owners take turns, and each owner's jobs do; the
 * lead's batch is filled, in the same turns, with sequences of like length. A turn is one sequence,
 * so a job of thousands and a job of one are served alike.
 */
final class Backlog {
  /** How long a job may wait for a first or next sequence to be taken before it goes first. */
  private static final long AGE_BOUND_NANOS = Duration.ofSeconds(2).toNanos();

  private final BatchLimits limits;
  private final List<Level> levels =
      IntStream.rangeClosed(Priority.MIN, Priority.MAX).mapToObj(priority -> new Level()).toList();
  private int jobs;

  Backlog(BatchLimits limits) {
    this.limits = limits;
  }

  boolean isEmpty() {
    return jobs == 0;
  }

  /** Tokens that wait at that priority. */
  long tokens(Priority priority) {
    return level(priority).tokens;
  }

  /** Tokens that wait at that priority or a more urgent one. */
  long tokensFrom(Priority priority) {
    return levels.stream().skip(priority.value()).mapToLong(level -> level.tokens).sum();
  }

  /** Tokens that wait, of all priorities. */
  long tokens() {
    return levels.stream().mapToLong(level -> level.tokens).sum();
  }

  void add(Job job, long now) {
    job.waitingSince(now);
    Level level = level(job.work().priority());
    level.tokens += job.tokens();
    level.jobs.add(job);
    level.owners.computeIfAbsent(job.work().owner(), owner -> new LinkedHashSet<>()).add(job);
    jobs++;
  }

  /** Forgets a job. A no-op when none of its sequences waits. */
  void remove(Job job) {
    Level level = level(job.work().priority());
    if (level.forget(job)) {
      level.tokens -= job.tokens();
      jobs--;
    }
  }

  /** Everything that waits, removed. */
  List<Job> clear() {
    List<Job> all = levels.stream().flatMap(level -> level.jobs.stream()).toList();
    all.forEach(this::remove);
    return all;
  }

  /**
   * The next batch, longest × count within the budget. Must not be empty.
   *
   * @param freeRuns runs that could start now, this one included: where a run's time grows with its
   *     tokens, two half batches side by side are done sooner than one
   */
  List<Sequence> next(long now, int freeRuns) {
    int budget = limits.tokenBudget();
    if (limits.perToken() && freeRuns > 1) {
      budget = (int) Math.min(budget, Math.ceilDiv(tokens(), freeRuns));
    }
    int priority = Priority.MAX;
    while (levels.get(priority).jobs.isEmpty()) {
      priority--;
    }
    Level leading = levels.get(priority);
    Job lead = leading.lead(now);
    Batch batch = new Batch(taken(lead, lead.takeLongest(), now), budget, limits.padding());
    fill(batch, leading, now, true);
    // Room that is left is free on a device that a batch does not fill: less urgent work may have
    // it, as long as nothing urgent gets longer by it.
    for (int lower = priority - 1; lower >= Priority.MIN && !limits.perToken(); lower--) {
      fill(batch, levels.get(lower), now, false);
    }
    return batch.sequences;
  }

  private void fill(Batch batch, Level level, long now, boolean mayGrow) {
    if (level.jobs.isEmpty() || batch.full()) {
      return;
    }
    ArrayDeque<ArrayDeque<Job>> turns = new ArrayDeque<>();
    level.owners.sequencedValues().forEach(owned -> turns.add(new ArrayDeque<>(owned)));
    while (!turns.isEmpty() && !batch.full()) {
      ArrayDeque<Job> owned = turns.remove();
      while (!owned.isEmpty()) {
        Job job = owned.remove();
        // The lengths a batch accepts only shrink as it fills: who has none now is out for good.
        Sequence sequence = batch.takeLike(job, mayGrow);
        if (sequence != null) {
          batch.add(taken(job, sequence, now));
          if (!job.isEmpty()) {
            owned.add(job);
          }
          turns.add(owned);
          break;
        }
      }
    }
  }

  /** The sequence has left its job: the job and its owner had their turn. */
  private Sequence taken(Job job, Sequence sequence, long now) {
    Level level = level(job.work().priority());
    level.tokens -= sequence.length();
    level.hadTurn(job);
    job.waitingSince(now);
    if (job.isEmpty()) {
      level.forget(job);
      jobs--;
    }
    return sequence;
  }

  private Level level(Priority priority) {
    return levels.get(priority.value());
  }

  /** What waits at one priority. Whoever had a turn moves to the end. */
  private static final class Level {
    final LinkedHashMap<String, LinkedHashSet<Job>> owners = new LinkedHashMap<>();
    final LinkedHashSet<Job> jobs = new LinkedHashSet<>();
    long tokens;
    private boolean ledByAge;

    /**
     * Whose turn it is. The job that has waited longest goes first once it is past the age bound,
     * but leads every other batch at most: under overload everything is old, and an owner with many
     * jobs must not take the turns of one with few.
     */
    Job lead(long now) {
      Job oldest = jobs.getFirst();
      ledByAge = !ledByAge && now - oldest.waitingSince() > AGE_BOUND_NANOS;
      return ledByAge ? oldest : owners.firstEntry().getValue().getFirst();
    }

    void hadTurn(Job job) {
      jobs.addLast(job);
      String owner = job.work().owner();
      LinkedHashSet<Job> owned = owners.get(owner);
      if (owned != null) {
        owned.addLast(job);
        owners.putLast(owner, owned);
      }
    }

    boolean forget(Job job) {
      String owner = job.work().owner();
      LinkedHashSet<Job> owned = owners.get(owner);
      if (owned != null && owned.remove(job) && owned.isEmpty()) {
        owners.remove(owner);
      }
      return jobs.remove(job);
    }
  }

  /** A batch in the making. */
  private static final class Batch {
    final List<Sequence> sequences = new ArrayList<>();
    private final int budget;
    private final int padding;
    private int longest;

    Batch(Sequence lead, int budget, int padding) {
      this.budget = budget;
      this.padding = padding;
      add(lead);
    }

    void add(Sequence sequence) {
      sequences.add(sequence);
      longest = Math.max(longest, sequence.length());
    }

    boolean full() {
      return (long) longest * (sequences.size() + 1) > budget;
    }

    /** A longer sequence pads all those before it. */
    @Nullable Sequence takeLike(Job job, boolean mayGrow) {
      int count = sequences.size();
      int most = mayGrow ? Math.min(longest + padding / count, budget / (count + 1)) : longest;
      return job.takeLike(longest, longest - padding, most);
    }
  }
}
