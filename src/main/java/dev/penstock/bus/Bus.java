package dev.penstock.bus;

import dev.penstock.base.Unavailable;
import dev.penstock.bus.Request.ReadClusterHealth;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.MessageConsumer;
import io.vertx.core.internal.VertxInternal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The event bus, typed. Requests stay in the process, and pass from thread to thread with no event
 * loop between; events go over Vert.x's bus, to other nodes too where it is clustered. Askers
 * block, so they are virtual threads; servers run each request on a virtual thread of its own;
 * listeners run on an event loop and must not block.
 */
public final class Bus {
  private static final Logger LOG = LoggerFactory.getLogger(Bus.class);

  /** Under which name a thread that answers a client keeps the request's id for the log. */
  private static final String REQUEST = "request";

  /** Requests of one type that may be under way; the rest are refused, not queued. */
  private static final int MAX_IN_FLIGHT = 8_192;

  /** Stands for every node: no name of one has such a character. */
  private static final String ALL = "*";

  private final EventBus events;
  private final String node;
  private final boolean clustered;
  private final Map<Class<?>, Server<?, ?>> servers = new ConcurrentHashMap<>();
  private final DeliveryOptions local =
      new DeliveryOptions().setCodecName(ByReference.NAME).setLocalOnly(true);
  private final DeliveryOptions everywhere = new DeliveryOptions().setCodecName(EventCodec.NAME);

  private Bus(EventBus events, String node, boolean clustered) {
    this.events = events;
    this.node = node;
    this.clustered = clustered;
  }

  /**
   * The bus of a Vert.x instance: one for each.
   *
   * @param node this node's name, unique among all that run
   */
  public static Bus over(Vertx vertx, String node) {
    EventBus events = vertx.eventBus();
    events.registerCodec(new ByReference()).registerCodec(new EventCodec());
    // Objects of Java's or Vert.x's making are neither sent nor read.
    events.serializableChecker(_ -> false).clusterSerializableChecker(_ -> false);
    var bus = new Bus(events, node, vertx.isClustered());
    if (vertx instanceof VertxInternal inside
        && inside.clusterManager() instanceof SteadyClusterManager members) {
      bus.serve(ReadClusterHealth.class, _ -> List.of(members.health()));
    }
    return bus;
  }

  /** This node's name. */
  public String node() {
    return node;
  }

  /** Whether what is told to all goes to other nodes too. */
  public boolean clustered() {
    return clustered;
  }

  /**
   * Asks and waits for the answer.
   *
   * @throws Unavailable when nobody serves the request, there was no answer in time, or the server
   *     threw it
   */
  public <R> R ask(Request<R> request, Duration limit) throws InterruptedException {
    Server<R, Request<R>> server = enter(request);
    var answer = new CompletableFuture<R>();
    // Who answers a client says what failed, and for whom.
    boolean told = MDC.get(REQUEST) != null;
    Thread.ofVirtual()
        .name(request.getClass().getSimpleName())
        .start(() -> {
          try {
            answer.complete(server.answer.apply(request));
          } catch (Unavailable e) {
            answer.completeExceptionally(e);
          } catch (RuntimeException | Error e) {
            // Otherwise here, for its asker may have gone.
            if (!answer.completeExceptionally(e) || !told) {
              LOG.error("{} failed", request.getClass().getSimpleName(), e);
            }
          } finally {
            server.inFlight.release();
          }
        });
    try {
      return answer.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      var late = Unavailable.unknown("no answer to " + request.getClass().getSimpleName(), e);
      answer.completeExceptionally(late);
      throw late;
    } catch (InterruptedException e) {
      answer.cancel(false);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Unavailable why) {
        throw why;
      }
      throw new IllegalStateException(String.valueOf(e.getCause()), e.getCause());
    }
  }

  /**
   * As {@link #ask}, on the asker's own thread: for work that keeps a limit of its own, and for
   * which two more hand-overs between threads would be much.
   *
   * @throws Unavailable when nobody serves the request, or the server threw it
   */
  public <R> R call(Request<R> request) {
    Server<R, Request<R>> server = enter(request);
    try {
      return server.answer.apply(request);
    } finally {
      server.inFlight.release();
    }
  }

  /** Who answers requests of one type, and how many more it takes. */
  private record Server<R, Q extends Request<R>>(Function<Q, R> answer, Semaphore inFlight) {}

  /** Its server, which has one request more under way. */
  private <R> Server<R, Request<R>> enter(Request<R> request) {
    String type = request.getClass().getSimpleName();
    @SuppressWarnings("unchecked") // serve() ties a request's type to its answer's
    var server = (Server<R, Request<R>>) servers.get(request.getClass());
    if (server == null) {
      String why = "nobody serves " + type;
      throw Unavailable.refused(why, new IllegalStateException(why));
    }
    if (!server.inFlight.tryAcquire()) {
      throw Unavailable.refused(
          "more than " + MAX_IN_FLIGHT + " " + type + " under way",
          new IllegalStateException("bus full"));
    }
    return server;
  }

  /** Answers every request of a type asked in this process. The server may block and throw. */
  public <R, Q extends Request<R>> void serve(Class<Q> type, Function<Q, R> server) {
    servers.put(type, new Server<>(server, new Semaphore(MAX_IN_FLIGHT)));
  }

  /** Withdraws all servers: every request is refused from now on. */
  public void serveNothing() {
    servers.clear();
  }

  /**
   * Tells a node of something that happened. Nobody may be listening: that is fine. To other nodes
   * goes what is fit to leave the process.
   */
  public void tell(String other, Event event) {
    if (!clustered || other.equals(node)) {
      events.publish(address(other, event.getClass()), event, local);
      return;
    }
    Event crossing =
        event instanceof Event.TaskSettled(var task) ? new Event.TaskEnded(task.id()) : event;
    events.publish(address(other, crossing.getClass()), crossing, everywhere);
  }

  /** Tells every node, this one too. */
  public void tellAll(Event event) {
    events.publish(address(ALL, event.getClass()), event, everywhere);
  }

  /**
   * Hears what is told to a node. The listener runs on an event loop: it must not block. The future
   * ends when all nodes know of it.
   */
  public <E extends Event> Future<Void> listen(String to, Class<E> type, Consumer<E> listener) {
    return listenAt(address(to, type), type, listener);
  }

  /** Hears what is told to all nodes; as {@link #listen}. */
  public <E extends Event> Future<Void> listenAll(Class<E> type, Consumer<E> listener) {
    return listenAt(address(ALL, type), type, listener);
  }

  private <E extends Event> Future<Void> listenAt(
      String address, Class<E> type, Consumer<E> listener) {
    MessageConsumer<Object> consumer = events.consumer(address);
    consumer.handler(message -> {
      try {
        if (type.isInstance(message.body())) {
          listener.accept(type.cast(message.body()));
        } else {
          LOG.debug("left alone what came for {}: {}", type.getSimpleName(), message.body());
        }
      } catch (RuntimeException e) {
        LOG.error("listener for {} failed", type.getSimpleName(), e);
      }
    });
    return consumer.completion();
  }

  private static String address(String node, Class<?> event) {
    return "penstock.tell." + node + "." + event.getSimpleName();
  }
}
