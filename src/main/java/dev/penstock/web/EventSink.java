package dev.penstock.web;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Writes server-sent events to a response, one at a time and no faster than the client reads. */
final class EventSink implements EventStream.Sink {
  /** A client that takes longer for one event is let go. */
  private static final Duration SLOWEST = Duration.ofSeconds(30);

  private final Exchange exchange;
  private final Context context;

  EventSink(Exchange exchange, Context context) {
    this.exchange = exchange;
    this.context = context;
  }

  @Override
  public void event(String name, String id, String data) throws InterruptedException {
    events(List.of(new EventStream.Event(name, id, data)));
  }

  @Override
  public void events(List<EventStream.Event> several) throws InterruptedException {
    var text = new StringBuilder();
    for (EventStream.Event event : several) {
      if (!event.id().isEmpty()) {
        text.append("id: ").append(event.id()).append('\n');
      }
      if (!event.name().isEmpty()) {
        text.append("event: ").append(event.name()).append('\n');
      }
      event.data().lines().forEach(line -> text.append("data: ").append(line).append('\n'));
      text.append('\n');
    }
    write(text.toString());
  }

  @Override
  public void keepAlive() throws InterruptedException {
    write(": keep-alive\n\n");
  }

  private void write(String text) throws InterruptedException {
    if (exchange.gone().isDone()) {
      throw new ClientGone();
    }
    HttpServerResponse response = exchange.request().response();
    var written =
        Future.<Void>future(promise ->
            context.runOnContext(_ -> response.write(Buffer.buffer(text)).onComplete(promise)));
    try {
      written
          .toCompletionStage()
          .toCompletableFuture()
          .get(SLOWEST.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      context.runOnContext(_ -> exchange.request().connection().close());
      throw new ClientGone();
    } catch (ExecutionException e) {
      throw new ClientGone();
    }
  }
}
