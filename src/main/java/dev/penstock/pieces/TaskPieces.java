package dev.penstock.pieces;

import dev.penstock.bus.Event.PiecesEnd;
import dev.penstock.bus.Event.PiecesTold;
import dev.penstock.bus.Event.PiecesWanted;
import dev.penstock.task.TaskId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The pieces of one task on this node: of a run whose pieces come here first, or as another node
 * tells them. Which of both can change with each run. Thread-safe; nothing in it waits.
 */
final class TaskPieces {
  /** What it costs beside its pieces, so that many small ones count too. */
  static final long COST = 512;

  final TaskId id;

  /** Its place among all by age. */
  final long age;

  /** Whether the hub has been told that there is news. */
  final AtomicBoolean marked = new AtomicBoolean();

  final List<PieceReader> readers = new CopyOnWriteArrayList<>();

  private final long most;
  private final PieceBuffer buffer = new PieceBuffer();

  /** The newest run that is known; 0: none. */
  private long run;

  /** The run from which on the numbers hold; 0: from an earlier one, it is not known which. */
  private long since;

  /** Whether the newest run's pieces come here first. */
  private boolean own;

  private @Nullable PiecesEnd end;
  private boolean forgotten;
  private long charged = COST;
  private long changedAt;

  /** The node that tells of the newest run; null: it is this one, or nobody has. */
  private @Nullable String source;

  /** What was told by it since {@link #wanted} last gave it credit. */
  private long unacknowledged;

  private long askedFor = -1;

  TaskPieces(TaskId id, long age, long most, long now) {
    this.id = id;
    this.age = age;
    this.most = most;
    changedAt = now;
  }

  /**
   * Takes a run's pieces as they come.
   *
   * @return whether the run is the newest; false: nothing was changed
   */
  synchronized boolean put(long from, boolean resumed, long offset, List<byte[]> pieces, long now) {
    if (forgotten || from < run) {
      return false;
    }
    if (from > run) {
      begin(from, resumed, offset);
    }
    own = true;
    source = null;
    changedAt = now;
    append(offset, pieces);
    return true;
  }

  private void begin(long newRun, boolean resumed, long offset) {
    if (!resumed) {
      since = newRun;
      buffer.reset(0);
    } else if (run < newRun - 1) {
      // What is known here may be of a run that another, not known here, has begun anew.
      since = 0;
      buffer.reset(offset);
    } // else it goes on with what is known here
    run = newRun;
    end = null;
  }

  private void append(long offset, List<byte[]> pieces) {
    if (offset > buffer.next()) {
      buffer.reset(offset);
    }
    long known = buffer.next();
    for (int i = 0; i < pieces.size(); i++) {
      if (offset + i >= known) {
        buffer.add(pieces.get(i));
      }
    }
    buffer.trim(most);
  }

  /** The run emits no more. */
  synchronized void ended(long from, PiecesEnd how, long now) {
    if (forgotten || (from != 0 && from < run)) {
      return;
    }
    changedAt = now;
    long count = how.count();
    if (from == 0) {
      endedFarAway(how);
    } else if (from > run && run != 0 && count < 0) {
      // A later run brought the result and no pieces: those there are may not be all of it.
      run = from;
      own = true;
      end = new PiecesEnd(-1, how.done());
    } else {
      if (from > run) {
        run = from;
        buffer.reset(Math.max(0, count)); // they were here, and are forgotten
      }
      own = true;
      boolean silent = count < 0 && buffer.next() == 0;
      end = new PiecesEnd(count < 0 && !silent ? -1 : Math.max(count, buffer.next()), how.done());
    }
  }

  /** A worker's run was settled here; its pieces may have gone to another node, or be late. */
  private void endedFarAway(PiecesEnd how) {
    if (run == 0) {
      own = true;
      end = new PiecesEnd(Math.max(0, how.count()), how.done());
    } else if (end == null && how.count() >= 0) {
      end = new PiecesEnd(Math.max(how.count(), buffer.next()), how.done());
    } else if (end == null && own && !how.done()) {
      end = how;
    }
  }

  /**
   * Takes what another node tells.
   *
   * @return whether something before it was lost on the way: it is to be asked for again
   */
  synchronized boolean told(PiecesTold told, long now) {
    if (forgotten || told.run() < run || (told.run() == run && own && run != 0)) {
      return false;
    }
    changedAt = now;
    boolean fresh = run == 0;
    if (told.run() > run) {
      if (fresh) {
        since = told.since();
      } else if (!holds(told.since(), told.run(), run)) {
        since = told.since();
        buffer.reset(told.first());
      }
      run = told.run();
      own = false;
      end = null;
    }
    source = told.node();
    List<byte[]> pieces = bytes(told.pieces());
    pieces.forEach(piece -> unacknowledged += PieceBuffer.cost(piece));
    if (fresh) {
      buffer.reset(told.first());
    }
    if (told.from() > buffer.next() && told.first() <= buffer.next()) {
      return true;
    }
    if (!pieces.isEmpty()) {
      append(told.from(), pieces);
    }
    if (told.end() != null) {
      // With fewer pieces than there are here it is not these that the result is made of.
      boolean fewer = told.end().count() < buffer.next();
      end = fewer ? new PiecesEnd(-1, told.end().done()) : told.end();
    }
    return false;
  }

  /** What to tell all nodes, or the one that tells of it; null: nobody reads here. */
  synchronized @Nullable PiecesWanted wanted(String node, long credit, boolean toAll) {
    // After a result, too: another run may have to bring it, should the store not have taken this.
    if (forgotten || readers.isEmpty()) {
      return null;
    }
    unacknowledged = 0;
    long next = buffer.next();
    boolean again = toAll && askedFor == next;
    askedFor = toAll ? next : -1;
    return new PiecesWanted(node, id, run, next, credit, again);
  }

  /** The node to give new credit to, once half of it is used up; null: none yet. */
  synchronized @Nullable String lowOnCredit(long credit) {
    return source != null && 2 * unacknowledged > credit ? source : null;
  }

  /** What to tell a node that listens; null: nothing, now. */
  synchronized @Nullable PiecesTold forListener(String node, Listener listener, long portion) {
    if (forgotten || !own || listener.run > run) {
      return null;
    }
    boolean first = listener.run != run;
    if (first) {
      listener.cursor = listener.run == 0 || !holds(listener.run) ? 0 : listener.cursor;
      listener.run = run;
      listener.endTold = false;
    }
    long from = Math.max(listener.cursor, buffer.first());
    List<byte[]> pieces =
        from < buffer.next() && listener.credit > 0
            ? buffer.from(from, Math.min(portion, listener.credit))
            : List.<byte[]>of();
    if (!pieces.isEmpty() && PieceBuffer.cost(pieces.getFirst()) > listener.credit) {
      pieces = List.of();
    }
    long cursor = pieces.isEmpty() ? listener.cursor : from + pieces.size();
    PiecesEnd tell = end != null && cursor >= buffer.next() && !listener.endTold ? end : null;
    if (pieces.isEmpty() && !first && tell == null) {
      return null;
    }
    pieces.forEach(piece -> listener.credit -= PieceBuffer.cost(piece));
    listener.cursor = cursor;
    listener.endTold |= tell != null;
    return new PiecesTold(node, id, run, since, buffer.first(), from, texts(pieces), tell);
  }

  /** What the pieces in between cost, as far as they are still here. */
  synchronized long cost(long from, long to) {
    long cost = 0;
    List<byte[]> pieces = buffer.from(from, Long.MAX_VALUE);
    for (int i = 0; i < pieces.size() && Math.max(from, buffer.first()) + i < to; i++) {
      cost += PieceBuffer.cost(pieces.get(i));
    }
    return cost;
  }

  /**
   * What is here of the run before that one, or of earlier ones that it went on with; null: not
   * that piece. An older run's would not do: one in between may have begun anew.
   */
  synchronized @Nullable Found before(long later, long from) {
    return run == 0 || run != later - 1 || from < buffer.first() || from >= buffer.next()
        ? null
        : new Found(run, buffer.from(from, Long.MAX_VALUE));
  }

  /** Pieces that were found, and the run that emitted the newest of them. */
  record Found(long run, List<byte[]> pieces) {}

  static List<String> texts(List<byte[]> pieces) {
    return pieces.stream().map(each -> new String(each, StandardCharsets.UTF_8)).toList();
  }

  static List<byte[]> bytes(List<String> texts) {
    return texts.stream().map(each -> each.getBytes(StandardCharsets.UTF_8)).toList();
  }

  /** Where a reader is after what it is told now. */
  record Read(Position position, List<PieceNews> news) {}

  /** What a reader is told, pieces of about that many bytes at most. */
  synchronized Read read(Position at, long mostBytes) {
    if (run == 0 || at.run() > run) {
      return new Read(at, List.of()); // the run that it has read is not known here yet
    }
    List<PieceNews> news = new ArrayList<>();
    Position now = at;
    if (at.run() != 0 && !holds(at.run())) {
      now = Position.START.at(run, 0);
      news.add(new PieceNews.Restart(run));
    }
    if (now.next() < buffer.first()) {
      news.add(new PieceNews.Gap(run, now.next(), buffer.first()));
      now = now.behindGap(run, buffer.first());
    }
    List<byte[]> pieces =
        now.next() < buffer.next() ? buffer.from(now.next(), mostBytes) : List.of();
    if (!pieces.isEmpty()) {
      news.add(new PieceNews.Pieces(run, now.next(), pieces));
      now = now.at(run, now.next() + pieces.size());
    }
    return new Read(now.run() == 0 ? now : now.at(run, now.next()), news);
  }

  private boolean holds(long readRun) {
    return holds(since, run, readRun);
  }

  /** Whether the numbers of the pieces of that run hold for the newest run. */
  private static boolean holds(long since, long newest, long readRun) {
    return since == 0 ? readRun >= newest - 1 : readRun >= since;
  }

  /** What a reader there may still wait for, once the task has completed. */
  synchronized PieceReader.Rest rest(Position at) {
    if (end == null || !end.done()) {
      return PieceReader.Rest.UNKNOWN;
    }
    if (end.count() < 0) {
      return PieceReader.Rest.LOST;
    }
    boolean same = at.run() == 0 || run == 0 || (at.run() <= run && holds(at.run()));
    boolean all = same && at.next() >= end.count();
    return all ? PieceReader.Rest.NONE : PieceReader.Rest.SOME;
  }

  /** Whether the newest run that is known emits no more. */
  synchronized boolean ended() {
    return end != null;
  }

  /** Whether anybody has told of it. */
  synchronized boolean known() {
    return run != 0 || end != null;
  }

  /** Gives up its oldest pieces, so many bytes of them or all. */
  synchronized void giveUp(long bytes) {
    buffer.trim(Math.max(0, buffer.bytes() - bytes));
  }

  /** By how much its cost has changed since it was asked last. */
  synchronized long charge() {
    long before = charged;
    charged = forgotten ? 0 : COST + buffer.bytes();
    return charged - before;
  }

  /** Adds a reader; false: it has been forgotten, and another one is to be made. */
  synchronized boolean join(PieceReader reader) {
    if (!forgotten) {
      readers.add(reader);
    }
    return !forgotten;
  }

  synchronized void leave(PieceReader reader, long now) {
    readers.remove(reader);
    changedAt = Math.max(changedAt, now);
  }

  /** Forgets it where it has no pieces and nobody reads; true: it is forgotten. */
  synchronized boolean forgetEmpty() {
    forgotten |= readers.isEmpty() && buffer.first() == buffer.next();
    return forgotten;
  }

  /** Forgets it where nobody reads and nothing has happened for so long; true: it is forgotten. */
  synchronized boolean forget(long now, long idle, long idleRunning) {
    boolean running = own && end == null;
    if (readers.isEmpty() && now - changedAt >= (running ? idleRunning : idle)) {
      forgotten = true;
      buffer.reset(0);
    }
    return forgotten;
  }

  synchronized boolean forgotten() {
    return forgotten;
  }
}
