package dev.penstock.web;

import java.util.List;

/**
 * An answer in server-sent events. The source runs on the request's virtual thread for as long as
 * the client stays; it is interrupted when the client leaves and when the server stops.
 */
public record EventStream(Source source) implements Answer {

  /** Writes events until there are no more. */
  @FunctionalInterface
  public interface Source {
    void writeTo(Sink sink) throws InterruptedException;
  }

  /**
   * One event, as {@link Sink#event} takes it.
   *
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
