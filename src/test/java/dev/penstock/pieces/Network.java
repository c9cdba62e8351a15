package dev.penstock.pieces;

import dev.penstock.bus.Event;
import dev.penstock.bus.Event.PiecesFound;
import dev.penstock.bus.Event.PiecesSought;
import dev.penstock.bus.Event.PiecesTold;
import dev.penstock.bus.Event.PiecesWanted;
import dev.penstock.bus.Request.Emitter;
import dev.penstock.bus.Request.EndPieces;
import dev.penstock.bus.Request.PutPieces;
import dev.penstock.task.TaskId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Hubs of several nodes, their messages and their clock: nothing happens before it is asked for.
 */
final class Network {
  static final PieceLimits LIMITS =
      new PieceLimits(
          4_096,
          16_384,
          1_024,
          512,
          Duration.ofMillis(1),
          Duration.ofSeconds(2),
          Duration.ofSeconds(10),
          Duration.ofMinutes(1),
          Duration.ofHours(1));

  /** A message as it went from node to node. */
  record Sent(String to, Event event) {}

  private final PieceLimits limits;
  private final Map<String, PieceHub> nodes = new LinkedHashMap<>();
  private final List<Sent> underWay = new ArrayList<>();
  final List<Sent> sent = new ArrayList<>();
  private Predicate<Event> lost = _ -> false;
  private boolean clustered = true;
  private long now;

  Network() {
    this(LIMITS);
  }

  Network(PieceLimits limits) {
    this.limits = limits;
  }

  void alone() {
    clustered = false;
  }

  /** Loses the messages that are meant from now on. */
  void loses(Predicate<Event> meant) {
    lost = meant;
  }

  PieceHub node(String name) {
    var hub =
        new PieceHub(
            new Post() {
              @Override
              public String node() {
                return name;
              }

              @Override
              public boolean clustered() {
                return clustered;
              }

              @Override
              public void tell(String other, Event event) {
                send(other, event);
              }

              @Override
              public void tellAll(Event event) {
                nodes.keySet().forEach(other -> send(other, event));
              }
            },
            limits,
            () -> now);
    nodes.put(name, hub);
    return hub;
  }

  /** The node is killed: it is heard of no more. */
  void kill(String name) {
    nodes.remove(name);
  }

  private synchronized void send(String to, Event event) {
    if (!lost.test(event)) {
      sent.add(new Sent(to, event));
      underWay.add(new Sent(to, event));
    }
  }

  private synchronized List<Sent> take() {
    var all = List.copyOf(underWay);
    underWay.clear();
    return all;
  }

  /** Lets all that is under way arrive, and what follows from it. */
  void settle() {
    nodes.values().forEach(PieceHub::tick);
    for (List<Sent> round = take(); !round.isEmpty(); round = take()) {
      round.forEach(this::deliver);
      List.copyOf(nodes.values()).forEach(PieceHub::tick);
    }
  }

  /** Lets what is under way arrive, and nothing that follows from it. */
  void deliver() {
    take().forEach(this::deliver);
  }

  private void deliver(Sent message) {
    PieceHub hub = nodes.get(message.to());
    if (hub == null) {
      return;
    }
    switch (message.event()) {
      case PiecesWanted wanted -> hub.wanted(wanted);
      case PiecesTold told -> hub.told(told);
      case PiecesSought sought -> hub.sought(sought);
      case PiecesFound found -> hub.found(found);
      default -> throw new IllegalStateException("" + message.event());
    }
  }

  void pass(Duration time) {
    now += time.toNanos();
  }

  /** The bytes of pieces that went to that node. */
  synchronized long bytesTo(String node) {
    return sent.stream()
        .filter(each -> each.to().equals(node))
        .mapToLong(each -> each.event() instanceof PiecesTold told ? bytes(told) : 0)
        .sum();
  }

  static long bytes(PiecesTold told) {
    return told.pieces().stream().mapToLong(text -> text.length() + PieceBuffer.OVERHEAD).sum();
  }

  static Emitter run(TaskId id, long run) {
    return new Emitter(id, "token-" + run, run);
  }

  /** Emits texts of a run that has not been told to go on from anywhere. */
  static void put(PieceHub hub, Emitter run, long offset, String... texts) {
    hub.put(new PutPieces(run, false, offset, bytes(texts)));
  }

  static void resume(PieceHub hub, Emitter run, long offset, String... texts) {
    hub.put(new PutPieces(run, true, offset, bytes(texts)));
  }

  static void end(PieceHub hub, Emitter run, long count) {
    hub.end(new EndPieces(run, count, true));
  }

  static List<byte[]> bytes(String... texts) {
    List<byte[]> pieces = new ArrayList<>();
    for (String text : texts) {
      pieces.add(text.getBytes(StandardCharsets.UTF_8));
    }
    return pieces;
  }

  /** What a reader is told, in words: {@code 0:a 1:b}, {@code gap 2-5}, {@code restart 2}. */
  static String read(PieceReader reader) {
    var words = new ArrayList<String>();
    for (List<PieceNews> news = reader.take(256); !news.isEmpty(); news = reader.take(256)) {
      for (PieceNews each : news) {
        switch (each) {
          case PieceNews.Restart(var run) -> words.add("restart " + run);
          case PieceNews.Gap(_, var from, var to) -> words.add("gap " + from + "-" + to);
          case PieceNews.Pieces(_, var from, var pieces) -> {
            for (int i = 0; i < pieces.size(); i++) {
              words.add((from + i) + ":" + new String(pieces.get(i), StandardCharsets.UTF_8));
            }
          }
        }
      }
    }
    return String.join(" ", words);
  }
}
