package dev.penstock.storage.rabbit;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import dev.penstock.task.TaskSpec;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The publishing side of one connection. One thread writes, so that numbers and messages stay in
 * step and a caller never hangs in a write; many messages are on their way at a time.
 */
final class Publisher {
  private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);
  private static final int MOST_WAITING = 8_192;
  private static final int MOST_UNCONFIRMED = 4_096;
  private static final int PERSISTENT = 2;

  /** So many are written in one go at most: the first of them waits for the last. */
  private static final int MOST_TOGETHER = 128;

  private final Channel channel;
  private final WriteBuffer cork;
  private final Consumer<String> whenReturned;
  private final LinkedBlockingQueue<Publication> waiting = new LinkedBlockingQueue<>(MOST_WAITING);
  private final ConcurrentNavigableMap<Long, Publication> unconfirmed =
      new ConcurrentSkipListMap<>();
  private final Semaphore window = new Semaphore(MOST_UNCONFIRMED);
  private final Thread writer;
  private volatile boolean lost;

  private Publisher(Channel channel, WriteBuffer cork, Consumer<String> whenReturned) {
    this.channel = channel;
    this.cork = cork;
    this.whenReturned = whenReturned;
    writer = Thread.ofVirtual().name("rabbitmq-publisher").unstarted(this::write);
  }

  /**
   * @param whenReturned told of routes for which the broker has no queue; must not block
   */
  static Publisher start(Channel channel, WriteBuffer cork, Consumer<String> whenReturned)
      throws IOException {
    var publisher = new Publisher(channel, cork, whenReturned);
    channel.confirmSelect();
    channel.addConfirmListener(publisher::confirmed, publisher::refused);
    channel.addReturnListener(returned ->
        publisher.returned(Long.parseLong(returned.getProperties().getCorrelationId())));
    publisher.writer.start();
    return publisher;
  }

  /**
   * Hands it to the writer, in time or not at all.
   *
   * @param until by {@link System#nanoTime}
   */
  void publish(Publication publication, long until) throws InterruptedException {
    long left = Math.max(0, until - System.nanoTime());
    if (!waiting.offer(publication, left, TimeUnit.NANOSECONDS)) {
      publication.refused("too much waits to be published");
    } else if (lost) {
      refuseWaiting(); // It may have come behind the last look.
    }
  }

  private void write() {
    try {
      while (!lost) {
        window.acquire();
        Publication next = waiting.take();
        if (waiting.isEmpty()) {
          sendIfWanted(next);
        } else {
          sendTogether(next);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The first, and those behind it that are there already. Each holds a place of the window. */
  private void sendTogether(Publication first) {
    cork.on();
    try {
      @Nullable Publication next = first;
      for (int sent = 1; next != null; sent++) {
        sendIfWanted(next);
        next = null;
        if (sent < MOST_TOGETHER && window.tryAcquire()) {
          next = waiting.poll();
          if (next == null) {
            window.release();
          }
        }
      }
    } finally {
      uncork();
    }
  }

  private void uncork() {
    try {
      cork.off();
    } catch (IOException e) {
      // What was written is unconfirmed, and ends when the connection is found lost.
      LOG.debug("writing to the broker failed: {}", e.toString());
    }
  }

  private void sendIfWanted(Publication publication) {
    if (publication.begin()) {
      send(publication);
    } else {
      window.release();
    }
  }

  private void send(Publication publication) {
    TaskSpec task = publication.task();
    long number = channel.getNextPublishSeqNo();
    var properties =
        new AMQP.BasicProperties.Builder()
            .deliveryMode(PERSISTENT)
            .priority(task.priority().value())
            .messageId(task.id().value())
            .correlationId(Long.toString(number)) // Returned ones are known by it.
            .build();
    unconfirmed.put(number, publication);
    try {
      channel.basicPublish(
          RabbitLink.EXCHANGE, publication.route(), true, properties, publication.message());
    } catch (AlreadyClosedException e) {
      end(number, () -> publication.refused("the connection is closed"));
    } catch (IOException e) {
      end(number, () -> publication.unknown("the connection broke: " + e.getMessage()));
    } catch (RuntimeException e) {
      end(number, () -> publication.unknown(e.toString()));
    }
    if (lost) {
      end(number, () -> publication.unknown("the connection was lost"));
    }
  }

  private void end(long number, Runnable ending) {
    if (unconfirmed.remove(number) != null) {
      ending.run();
      window.release();
    }
  }

  private void confirmed(long number, boolean multiple) {
    upTo(number, multiple, Publication::confirmed);
  }

  private void refused(long number, boolean multiple) {
    upTo(number, multiple, publication -> publication.refused("the broker refused it"));
  }

  private void upTo(long number, boolean multiple, Consumer<Publication> ending) {
    List<Long> numbers =
        multiple ? List.copyOf(unconfirmed.headMap(number, true).keySet()) : List.of(number);
    for (Long each : numbers) {
      Publication publication = unconfirmed.get(each);
      if (publication != null) {
        end(each, () -> ending.accept(publication));
      }
    }
  }

  private void returned(long number) {
    Publication publication = unconfirmed.get(number);
    if (publication != null) {
      publication.returned();
      whenReturned.accept(publication.route());
    }
  }

  /** The connection is gone: nobody will hear of what is on its way. */
  void lost() {
    lost = true;
    writer.interrupt();
    unconfirmed.forEach((number, publication) ->
        end(
            number,
            () -> publication.unknown("the connection was lost before the broker confirmed it")));
    refuseWaiting();
  }

  private void refuseWaiting() {
    for (Publication next = waiting.poll(); next != null; next = waiting.poll()) {
      if (next.begin()) {
        next.refused("the connection was lost");
      }
    }
  }
}
