package dev.penstock.web;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An answer in server-sent events. The source runs on the request's virtual thread for as long as
 * the client stays; it is interrupted when the client leaves and when the server stops.
 *
 * @param headers beside those of all
 * @param over run when it has ended, be it before it began, of one that has a place of another kind
 *     than event streams have; null: it has none
 */
public record EventStream(Map<String, String> headers, Source source, @Nullable Runnable over)
    implements Answer {

  /** One that has a place among event streams. */
  public EventStream(Source source) {
    this(Map.of(), source, null);
  }

  /** Writes events until there are no more. */
  @FunctionalInterface
  public interface Source {
    void writeTo(Sink sink) throws InterruptedException;
  }

  /**
   * One event, as {@link Sink#event} takes it.
   *
   * @param name empty: none
   * @param id empty: none
   */
  public record Event(String name, String id, String data) {}

  /**
   * Where events go. Every method blocks while the client is slow, and ends the source when the
   * client has gone.
   */
  public interface Sink {

    /**
     * Sends an event.
     *
     * @param name empty: none, which means the same as "message"
     * @param id what the client sends back as {@code Last-Event-ID}; empty: none
     * @param data may have several lines
     */
    void event(String name, String id, String data) throws InterruptedException;

    /** Sends several at once, in order: one write for many small ones. */
    void events(List<Event> several) throws InterruptedException;

    /** A comment, so that proxies see life. At least every 15 seconds is best. */
    void keepAlive() throws InterruptedException;
  }
}
