package dev.penstock.engine;

import dev.penstock.core.TimeLimit;
import dev.penstock.engine.Job.Sequence;
import dev.penstock.task.Priority;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
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
 *
 * <p>Jobs whose time is limited do not take turns with others of their owner: the one with the
 * fewest tokens left goes on, so that they end one after the other and not all at the end; {@link
 * Admission} says which of them may begin.
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

  /** As the other one, of a model that has not run yet. */
  List<Sequence> next(long now, int freeRuns) {
    return next(now, freeRuns, 0);
  }

  /**
   * The next batch, longest × count within the budget. Must not be empty.
   *
   * @param freeRuns runs that could start now, this one included: where a run's time grows with its
   *     tokens, two half batches side by side are done sooner than one
   * @param nanosPerToken how long the model takes, by its newest runs; 0: it has not run yet
   */
  List<Sequence> next(long now, int freeRuns, double nanosPerToken) {
    int budget = limits.tokenBudget();
    if (limits.perToken() && freeRuns > 1) {
      budget = (int) Math.min(budget, Math.ceilDiv(tokens(), freeRuns));
    }
    int priority = Priority.MAX;
    while (levels.get(priority).jobs.isEmpty()) {
      priority--;
    }
    Level leading = levels.get(priority);
    Admission admission = admission(leading, nanosPerToken);
    Job lead = leading.lead(now, admission);
    boolean begins = !lead.begun();
    Batch batch = new Batch(taken(lead, lead.takeLongest(), now), budget, limits.padding());
    if (begins) {
      admission.began(lead);
    }
    fill(batch, leading, admission, now, true);
    // Room that is left is free on a device that a batch does not fill: less urgent work may have
    // it, as long as nothing urgent gets longer by it.
    for (int lower = priority - 1; lower >= Priority.MIN && !limits.perToken(); lower--) {
      Level level = levels.get(lower);
      fill(batch, level, admission(level, nanosPerToken), now, false);
    }
    return batch.sequences;
  }

  private Admission admission(Level level, double nanosPerToken) {
    return new Admission(level.jobs, limits.tokenBudget(), nanosPerToken);
  }

  private void fill(Batch batch, Level level, Admission admission, long now, boolean mayGrow) {
    if (level.jobs.isEmpty() || batch.full()) {
      return;
    }
    ArrayDeque<ArrayDeque<Job>> turns = new ArrayDeque<>();
    level.owners.sequencedValues().forEach(owned -> turns.add(inOrder(owned)));
    while (!turns.isEmpty() && !batch.full()) {
      ArrayDeque<Job> owned = turns.remove();
      while (!owned.isEmpty()) {
        Job job = owned.remove();
        if (!admission.admits(job)) {
          continue; // nor later: others only begin meanwhile
        }
        boolean begins = !job.begun();
        // The lengths a batch accepts only shrink as it fills: who has none now is out for good.
        Sequence sequence = batch.takeLike(job, mayGrow);
        if (sequence != null) {
          batch.add(taken(job, sequence, now));
          if (begins) {
            admission.began(job);
          }
          if (!job.isEmpty() && job.limit() == null) {
            owned.add(job);
          } else if (!job.isEmpty()) {
            owned.addFirst(job);
          }
          turns.add(owned);
          break;
        }
      }
    }
  }

  /**
   * An owner's jobs: those without a limit by turns, then the others, the nearest to its end first.
   */
  private static ArrayDeque<Job> inOrder(Collection<Job> owned) {
    List<Job> jobs = new ArrayList<>(owned);
    jobs.sort(Comparator.comparingLong(job -> job.limit() == null ? 0 : job.tokens()));
    return new ArrayDeque<>(jobs);
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
    Job lead(long now, Admission admission) {
      Job old = ledByAge ? null : old(now, admission);
      ledByAge = old != null;
      return old != null ? old : next(admission);
    }

    private @Nullable Job old(long now, Admission admission) {
      for (Job job : jobs) {
        long waited = now - job.waitingSince();
        if (waited <= AGE_BOUND_NANOS) {
          return null; // nor do those behind it wait longer
        }
        if (waited > patience(job) && admission.admits(job)) {
          return job;
        }
      }
      return null;
    }

    /** Only a job that counts its time, and whose time has not begun, may wait for long. */
    private static long patience(Job job) {
      TimeLimit limit = job.limit();
      return job.begun() || limit == null ? AGE_BOUND_NANOS : limit.nanosLeft();
    }

    /** There always is one: who has begun may go on, and where nobody has, anybody may begin. */
    private Job next(Admission admission) {
      return owners.sequencedValues().stream()
          .flatMap(owned -> inOrder(owned).stream())
          .filter(admission::admits)
          .findFirst()
          .orElseThrow();
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
