package dev.penstock.remote;

import dev.penstock.bus.Request.SettleTask;
import dev.penstock.core.HeldLease;
import dev.penstock.protocol.ErrorReply;
import dev.penstock.protocol.Offer;
import dev.penstock.remote.RemoteServer.Reply;
import dev.penstock.task.Outcome;
import dev.penstock.task.TaskError;
import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;

/** What a server of an older version does not take, and how things are said without it. */
final class Extras {
  private static final int BAD = 400;
  private static final String UNKNOWN = "is unknown here";
  private static final Outcome NO_CHILDREN =
      new Outcome.Reject(
          new TaskError(
              TaskError.Code.HANDLER_FAILED,
              "it waits for children, and the server of this worker is too old for that"));

  private Extras() {}

  /** Whether a member was refused that this server's version does not know. */
  static boolean unknown(Reply reply) throws IOException {
    return reply.status() == BAD && ErrorReply.read(reply.body()).message().contains(UNKNOWN);
  }

  static boolean in(List<HeldLease> held) {
    return held.stream().anyMatch(each -> each.checkpoint() != null || each.begun() != null);
  }

  static List<HeldLease> without(List<HeldLease> held) {
    return held.stream().map(each -> each.withoutCheckpoint().withoutBegun()).toList();
  }

  /** What of it a server takes that offers this. */
  static List<HeldLease> offered(List<HeldLease> held, Predicate<Offer> offered) {
    return held.stream()
        .map(each -> offered.test(Offer.CHECKPOINTS) ? each : each.withoutCheckpoint())
        .map(each -> offered.test(Offer.NUMBERED) ? each : each.withoutNumber())
        .map(each -> offered.test(Offer.BEGUN) ? each : each.withoutBegun())
        .toList();
  }

  static SettleTask withoutBegun(SettleTask settle) {
    return new SettleTask(
        settle.id(), settle.lane(), settle.token(), settle.outcome(), settle.checkpoint());
  }

  /** An await stays whole: what it says it has read belongs to what it leaves. */
  static SettleTask withoutCheckpoint(SettleTask settle) {
    return settle.outcome() instanceof Outcome.Await
        ? settle
        : new SettleTask(settle.id(), settle.lane(), settle.token(), settle.outcome());
  }

  /** An await fails for good: it would come back to the same server again and again. */
  static SettleTask withoutChildren(SettleTask settle) {
    return settle.outcome() instanceof Outcome.Await
        ? new SettleTask(settle.id(), settle.lane(), settle.token(), NO_CHILDREN)
        : settle;
  }
}
