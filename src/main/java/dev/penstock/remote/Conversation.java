package dev.penstock.remote;

import dev.penstock.base.Visible;
import dev.penstock.core.HeldLease;
import dev.penstock.core.WorkerFigures;
import dev.penstock.protocol.ErrorReply;
import dev.penstock.protocol.ExtendRequest;
import dev.penstock.protocol.Introduction;
import dev.penstock.protocol.LeaseTerms;
import dev.penstock.protocol.Offer;
import dev.penstock.remote.RemoteServer.Reply;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this worker and its server know of each other. Thread-safe. */
final class Conversation {
  private static final Logger LOG = LoggerFactory.getLogger(Conversation.class);
  private static final int MOST_SAID = 300;

  private final String worker;
  private final Instant startedAt = Instant.now();
  private final Link link;
  private volatile @Nullable WorkerFigures figures;
  private volatile boolean draining;
  private volatile boolean stopping;
  private volatile Set<Offer> offers = Set.of();
  private volatile long heardAt = System.nanoTime();

  Conversation(String worker, Link link) {
    this.worker = worker;
    this.link = link;
  }

  String worker() {
    return worker;
  }

  /** What this worker says of itself so far. */
  Introduction introduction() {
    WorkerFigures newest = figures;
    return newest == null
        ? Introduction.none(startedAt)
        : new Introduction(newest.lanes(), startedAt, newest.report());
  }

  ExtendRequest extend(List<HeldLease> held) {
    return new ExtendRequest(worker, held, introduction(), null, false);
  }

  /**
   * Asks for its held polls to be answered, as it takes nothing more.
   *
   * @param last it says nothing after that
   */
  ExtendRequest leaving(boolean last) {
    return new ExtendRequest(worker, List.of(), introduction(), startedAt, last);
  }

  Link link() {
    return link;
  }

  void figures(WorkerFigures newest) {
    figures = newest;
  }

  /** The server has answered. */
  void heard(LeaseTerms terms) {
    heardAt = System.nanoTime();
    offers = terms.offers();
    link.answered();
    if (terms.drain() != draining && !stopping) {
      draining = terms.drain();
      LOG.info(
          draining
              ? "told to drain: no more work is taken, what runs finishes"
              : "work is taken again");
    }
  }

  /** Whether the server that answered last takes it. Behind one name there may be others. */
  boolean offered(Offer offer) {
    return offers.contains(offer);
  }

  long heardAt() {
    return heardAt;
  }

  boolean draining() {
    return draining;
  }

  /** It was told to stop by its own side: that the server drains it is no news. */
  void stopping() {
    stopping = true;
  }

  static String reason(IOException e) {
    String message = e instanceof ConnectException ? "the connection is refused" : e.getMessage();
    return Visible.text(message == null ? e.getClass().getSimpleName() : message);
  }

  static String reason(Reply reply) {
    String said;
    try {
      said = ErrorReply.read(reply.body()).message();
    } catch (IOException e) {
      said = "no JSON: is it Penstock?";
    }
    String all = reply.status() + (said.isEmpty() ? "" : ": " + said);
    return Visible.text(all.length() > MOST_SAID ? all.substring(0, MOST_SAID) + "…" : all);
  }
}
