package dev.penstock.api.worker;

import dev.penstock.api.OwnTasks;
import dev.penstock.bus.Bus;
import dev.penstock.bus.Request.FindChildren;
import dev.penstock.protocol.ChildrenReply;
import dev.penstock.protocol.ChildrenRequest;
import dev.penstock.task.EndedChildren;
import dev.penstock.task.TaskOutput;
import dev.penstock.web.Answer;
import dev.penstock.web.Exchange;
import dev.penstock.web.LongReply;

/**
 * {@code POST /v1/worker/children}: what became of a task's children, for the run that holds its
 * lease.
 */
public final class WorkerChildren {
  private final Bus bus;

  public WorkerChildren(Bus bus) {
    this.bus = bus;
  }

  public Answer find(Exchange exchange) throws InterruptedException {
    ChildrenRequest asked = ChildrenRequest.read(exchange.body());
    KeyReach.check(bus, exchange, asked.id());
    if (!WorkerRuns.holds(bus, asked.worker(), asked.id(), asked.token())) {
      throw WorkerRuns.stale(asked.id());
    }
    EndedChildren page =
        bus.ask(
            new FindChildren(asked.id(), asked.token(), asked.after(), asked.limit()),
            OwnTasks.LIMIT);
    long bytes = 0;
    for (EndedChildren.Child child : page.children()) {
      TaskOutput output = child.output();
      bytes += output == null ? 0 : output.bytes().length;
    }
    exchange.hold(bytes);
    return LongReply.json(200, json -> ChildrenReply.write(json, page));
  }
}
