package dev.penstock.dispatch;

import dev.penstock.metrics.Meters;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Delivery;
import dev.penstock.storage.TaskStore;
import dev.penstock.storage.TaskStore.Claim;
import dev.penstock.storage.TaskStore.Inserted;
import dev.penstock.task.TaskSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes records again that the store has lost, from the messages that still have their tasks.
 *
 * <p>A message may also outlive a record that was rightly deleted, and that task must not run
 * again. Two things tell them apart. A task that is older than all the store keeps was there before
 * the store was emptied. And a record cannot have expired while its task is younger than it is kept
 * after its end: then it was lost, for example with the last second of a Redis that was killed.
 */
final class LostRecords {
  private static final Logger LOG = LoggerFactory.getLogger(LostRecords.class);

  private final TaskStore store;
  private final TaskQueue queue;
  private final Meters meters;
  private final InstantSource clock;

  LostRecords(TaskStore store, TaskQueue queue, Meters meters, InstantSource clock) {
    this.store = store;
    this.queue = queue;
    this.meters = meters;
    this.clock = clock;
  }

  /** Restores what claims did not find; true: some are known now, and worth another claim. */
  boolean restore(List<Delivery> deliveries, List<Claim> claims) {
    List<TaskSpec> lost = new ArrayList<>();
    for (int i = 0; i < claims.size(); i++) {
      if (claims.get(i) instanceof Claim.Unknown(Instant began)) {
        queue.whole(deliveries.get(i)).filter(spec -> lost(spec, began)).ifPresent(lost::add);
      }
    }
    if (!lost.isEmpty()) {
      insert(lost);
      meters.restored(lost.size());
      LOG.warn("the store had lost {} tasks; they are made again from their messages", lost.size());
    }
    return !lost.isEmpty();
  }

  /** Restores one task; false: it is rightly not known any more. */
  boolean restore(TaskSpec spec, Instant began) {
    boolean lost = lost(spec, began);
    if (lost) {
      insert(List.of(spec));
      meters.restored(1);
    }
    return lost;
  }

  private boolean lost(TaskSpec spec, Instant began) {
    Instant made = spec.submittedAt();
    return made.isBefore(began) || clock.instant().isBefore(made.plus(shortest(spec.retention())));
  }

  private static Duration shortest(TaskSpec.Retention kept) {
    return kept.completed().compareTo(kept.failed()) < 0 ? kept.completed() : kept.failed();
  }

  private void insert(List<TaskSpec> lost) {
    List<Inserted> inserted = Repeat.whileUnknown(() -> store.insert(lost));
    List<TaskSpec> nameless = new ArrayList<>();
    for (int i = 0; i < lost.size(); i++) {
      switch (inserted.get(i)) {
        case Inserted.Kept _ -> {}
        // Its identity is another's by now. Both were accepted, so both run.
        case Inserted.Earlier _, Inserted.Conflict _ -> nameless.add(lost.get(i).withoutIdentity());
      }
    }
    if (!nameless.isEmpty()) {
      Repeat.whileUnknown(() -> store.insert(nameless));
    }
  }
}
