package dev.penstock.storage.rabbit;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.GetResponse;
import dev.penstock.storage.TaskMessage;
import dev.penstock.storage.TaskQueue.Dead;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages that the broker itself takes out of a lane's queue: delivered too often, expired or
 * pushed out, or rejected by us because they are no tasks. They come into one queue, for somebody
 * to deal with their tasks; what is no task goes on into another, where people may look at it. Both
 * are bounded: the oldest go.
 */
final class DeadLetters {
  /** Their queues' names, as those of lanes are made; no lane's queue has one of these. */
  static final List<String> NAMES = List.of("dead", "unreadable");

  static final String QUEUE = RabbitLink.queue(NAMES.getFirst());
  static final String UNREADABLE = RabbitLink.queue(NAMES.getLast());

  /** The broker's word for it; others are expired, maxlen and rejected. */
  private static final String TOO_OFTEN = "delivery_limit";

  private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);
  private static final Map<String, Object> BOUNDS =
      Map.of("x-max-length", 10_000, "x-max-length-bytes", 256L << 20);

  private DeadLetters() {}

  /** The exchange and queues, as they are where they are there. */
  static void declare(RabbitLink link) throws IOException, TimeoutException {
    for (String route : NAMES) {
      String queue = RabbitLink.queue(route);
      boolean missing = !link.has(route);
      try (Channel channel = link.channel()) {
        if (missing) {
          channel.queueDeclare(queue, true, false, false, BOUNDS);
        }
        if (queue.equals(QUEUE)) {
          channel.exchangeDeclare(QUEUE, "fanout", true);
          channel.queueBind(QUEUE, QUEUE, "");
        }
      }
    }
  }

  /**
   * Has them dealt with, one after the other; what is not dealt with stays.
   *
   * @return how many there were, at most {@code limit}
   */
  static int take(Channel channel, int limit, Consumer<Dead> deal) throws IOException {
    channel.txSelect();
    int taken = 0;
    while (taken < limit) {
      GetResponse message = channel.basicGet(QUEUE, false);
      if (message == null) {
        break;
      }
      taken++;
      Dead dead = null;
      try {
        String reason = reason(message);
        dead = new Dead(TaskMessage.decode(message.getBody()), reason.equals(TOO_OFTEN), reason);
      } catch (IllegalArgumentException e) {
        LOG.error(
            "a message of {} bytes is no task ({}): it is in the queue {}",
            message.getBody().length,
            e.getMessage(),
            UNREADABLE);
        channel.basicPublish("", UNREADABLE, message.getProps(), message.getBody());
      }
      if (dead != null) {
        deal.accept(dead);
      }
      channel.basicAck(message.getEnvelope().getDeliveryTag(), false);
      channel.txCommit();
    }
    return taken;
  }

  /** Of its last death: somebody may have sent a dead one once more. */
  private static String reason(GetResponse message) {
    Map<String, Object> headers = message.getProps().getHeaders();
    if (headers != null
        && headers.get("x-death") instanceof List<?> deaths
        && !deaths.isEmpty()
        && deaths.getFirst() instanceof Map<?, ?> last
        && last.get("reason") != null) {
      return String.valueOf(last.get("reason"));
    }
    return "for a reason it did not tell";
  }
}
