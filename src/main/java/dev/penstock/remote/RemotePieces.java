package dev.penstock.remote;

import dev.penstock.base.Newest;
import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.HeardPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.protocol.Offer;
import dev.penstock.protocol.PiecesRequest;
import dev.penstock.remote.RemoteServer.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What runs here emit, on its way to the server: gathered, sent by a thread of its own for each run
 * that emits, and given up, the oldest first, while the server is away. No run waits for it, but
 * the end of one does for a moment, so that its last pieces are there before its result.
 */
final class RemotePieces implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RemotePieces.class);
  private static final String PATH = "/v1/worker/pieces";
  private static final Duration LIMIT = Duration.ofSeconds(8);
  private static final Duration HEARD = Duration.ofSeconds(4);
  private static final Duration LAST_WORDS = Duration.ofMillis(250);

  /** Results that have pieces, on their way to the server. */
  private static final int MOST_COUNTS = 10_000;

  private static final int SHARE_OF_HEAP = 8;
  private static final int OK = 200;
  private static final int CONFLICT = 409;
  private static final int LEAST_REFUSAL = 400;
  private static final int LEAST_FAILURE = 500;
  private static final int TOO_MANY = 429;
  private static final int TOO_SLOW = 408;

  private final RemoteServer server;
  private final Conversation conversation;
  private final ConcurrentMap<String, OutgoingPieces> runs = new ConcurrentHashMap<>();
  private final AtomicLong bytes = new AtomicLong();
  private final long mostBytes = Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP;

  /** How many pieces a run's result has, by its token. Guarded by itself. */
  private final Map<String, Long> counts = Newest.put(MOST_COUNTS);

  RemotePieces(RemoteServer server, Conversation conversation) {
    this.server = server;
    this.conversation = conversation;
  }

  boolean put(PutPieces request) {
    Emitter emitter = request.emitter();
    OutgoingPieces out = runs.get(emitter.token());
    if (out == null) {
      if (!conversation.offered(Offer.PIECES)) {
        return false;
      }
      var made = new OutgoingPieces(emitter, request.resumed(), request.offset(), bytes, mostBytes);
      out = made;
      runs.put(emitter.token(), made); // a run's own thread alone emits first
      Thread.ofVirtual().name("pieces " + emitter.id()).start(() -> send(made));
    }
    for (byte[] piece : request.pieces()) {
      out.add(piece);
    }
    return true;
  }

  /** Waits a moment for the last pieces to be sent. */
  boolean end(EndPieces request) {
    OutgoingPieces out = runs.get(request.emitter().token());
    if (out == null) {
      return false;
    }
    if (request.done() && request.count() > 0) {
      synchronized (counts) {
        counts.put(request.emitter().token(), request.count());
      }
    }
    boolean closed = out.end(request.done(), LAST_WORDS);
    if (closed) {
      runs.remove(request.emitter().token(), out);
    }
    return closed;
  }

  /** How many pieces the result of the run with that token has. */
  long count(String token) {
    synchronized (counts) {
      return counts.getOrDefault(token, 0L);
    }
  }

  List<byte[]> heard(HeardPieces request) {
    if (!conversation.offered(Offer.PIECES)) {
      return List.of();
    }
    Emitter run = request.emitter();
    var question =
        new PiecesRequest(
            conversation.worker(),
            run.id(),
            run.token(),
            run.run(),
            true,
            0,
            List.of(),
            false,
            request.from());
    try {
      Reply reply = server.post(PATH, question.write(), HEARD);
      if (reply.status() == OK) {
        return PiecesRequest.readHeard(reply.body());
      }
      LOG.debug("task {}: {}", run.id(), Conversation.reason(reply));
    } catch (IOException e) {
      LOG.debug("task {}: {}", run.id(), Conversation.reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return List.of();
  }

  /** Whether any run's pieces are being sent, or waited for. */
  boolean sending() {
    return runs.values().stream().anyMatch(OutgoingPieces::open);
  }

  private void send(OutgoingPieces out) {
    try {
      for (OutgoingPieces.Portion portion = out.next(); portion != null; portion = out.next()) {
        if (!send(out.emitter(), portion)) {
          return;
        }
        out.sent(portion);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (out.close()) {
        runs.remove(out.emitter().token(), out);
      } // else it stays until its run ends, so that what is still emitted is not sent
    }
  }

  /** Sends until it is taken; false: nobody wants this run's pieces. */
  private boolean send(Emitter run, OutgoingPieces.Portion portion) throws InterruptedException {
    byte[] body =
        new PiecesRequest(
                conversation.worker(),
                run.id(),
                run.token(),
                run.run(),
                portion.resumed(),
                portion.offset(),
                portion.pieces(),
                portion.end(),
                null)
            .write();
    String why;
    try {
      Reply reply = server.post(PATH, body, LIMIT);
      int status = reply.status();
      if (status == OK) {
        return true;
      }
      why = Conversation.reason(reply);
      boolean refused =
          status >= LEAST_REFUSAL
              && status < LEAST_FAILURE
              && status != TOO_MANY
              && status != TOO_SLOW;
      if (refused) {
        if (status != CONFLICT) {
          LOG.warn("task {}: the server refuses its pieces: {}", run.id(), why);
        }
        return false;
      }
    } catch (IOException e) {
      why = Conversation.reason(e);
    }
    conversation.link().lost(why);
    portion.again();
    Thread.sleep(conversation.link().pause());
    return true;
  }

  @Override
  public void close() {
    runs.values().forEach(OutgoingPieces::close);
  }
}
