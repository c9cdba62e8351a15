package dev.penstock.api.worker;

import dev.penstock.api.OwnTasks;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindTasks;
import dev.penstock.core.Reach;
import dev.penstock.json.StrictJson;
import dev.penstock.protocol.KnownLanes;
import dev.penstock.task.Lane;
import dev.penstock.task.TaskId;
import dev.penstock.web.ApiError;
import dev.penstock.web.Exchange;
import dev.penstock.web.Refusal;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Holds a worker's requests to what its key may serve. */
final class KeyReach {
  private KeyReach() {}

  /**
   * The lanes that the key may serve. Another is answered as one that is not there, which workers
   * leave alone while they go on with the rest.
   */
  static KnownLanes lanes(KnownLanes all, Reach reach) {
    return new KnownLanes() {
      @Override
      public Optional<Lane> find(String name) {
        return all.find(name).filter(reach::has);
      }

      @Override
      public RuntimeException unknown(String name, String param) {
        return all.find(name).isEmpty()
            ? all.unknown(name, param)
            : new Refusal(
                ApiError.http(
                        404,
                        "lane_not_found",
                        "This key may not serve the lane " + StrictJson.quote(name) + ".")
                    .withParam(param));
      }
    };
  }

  /** Those of the tasks that the key may not serve, whoever has their leases. */
  static Set<TaskId> outside(Bus bus, Reach reach, Set<TaskId> tasks) throws InterruptedException {
    return reach.isAll() || tasks.isEmpty()
        ? Set.of()
        : bus.ask(new FindTasks(tasks), OwnTasks.LIMIT).values().stream()
            .filter(task -> !reach.has(task.spec()))
            .map(task -> task.id())
            .collect(Collectors.toSet());
  }

  /**
   * Looks whether the key may serve the task.
   *
   * @throws Refusal as of a lease that is not the asker's
   */
  static void check(Bus bus, Exchange exchange, TaskId task) throws InterruptedException {
    if (!outside(bus, exchange.caller().reach(), Set.of(task)).isEmpty()) {
      throw WorkerRuns.stale(task);
    }
  }
}
