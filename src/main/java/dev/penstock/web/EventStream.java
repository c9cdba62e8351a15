package dev.penstock.web;

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

    /** A comment, so that proxies see life. At least every 15 seconds is best. */
    void keepAlive() throws InterruptedException;
  }
}
