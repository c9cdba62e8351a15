package dev.penstock.storage.rabbit;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.TaskQueue;
import dev.penstock.task.Lane;
import dev.penstock.testing.RabbitServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** What tests do with a broker besides what Penstock does. */
final class TestBroker {

  private TestBroker() {}

  /** The settings for it, but for these keys. */
  static Settings.Rabbitmq settings(RabbitServer server, Map<String, String> others) {
    Map<String, String> keys = new HashMap<>(others);
    keys.put("rabbitmq.host", "127.0.0.1");
    keys.put("rabbitmq.port", Integer.toString(server.port()));
    return SettingsLoader.load(List.of(), keys, Map.of(), null).settings().rabbitmq();
  }

  static TaskQueue open(RabbitServer server, Map<String, String> others) {
    return open(server, others, Set.of("owner"));
  }

  /**
   * @param owners whom it is told of; it learns of others from their tasks
   */
  static TaskQueue open(RabbitServer server, Map<String, String> others, Set<String> owners) {
    return open(server, others, () -> owners);
  }

  static TaskQueue open(
      RabbitServer server, Map<String, String> others, Supplier<Set<String>> owners) {
    return RabbitTaskQueue.open(
        settings(server, others), new Meters(new SimpleMeterRegistry()), owners);
  }

  interface Action<T> {
    T on(Channel channel) throws Exception;
  }

  private static Connection connect(RabbitServer server) throws Exception {
    var factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    return factory.newConnection();
  }

  static <T> T with(RabbitServer server, Action<T> action) throws Exception {
    try (Connection connection = connect(server);
        Channel channel = connection.createChannel()) {
      return action.on(channel);
    }
  }

  /** The queues of the owners that tests have. */
  private static List<String> queues(Lane lane) {
    List<String> queues = new ArrayList<>();
    for (String owner :
        List.of("default", "owner", "big", "small", "a", "b", "alone", "other", "new")) {
      queues.add(RabbitLink.queue(RoutingKeys.own(lane, owner, false)));
      queues.add(RabbitLink.queue(RoutingKeys.own(lane, owner, true)));
    }
    return queues;
  }

  static void delete(RabbitServer server, Lane... lanes) throws Exception {
    with(
        server,
        channel -> {
          for (Lane lane : lanes) {
            for (String queue : queues(lane)) {
              channel.queueDelete(queue);
            }
          }
          return true;
        });
  }

  /** How many messages of the lane wait in the broker, beside those that were delivered. */
  static long waiting(RabbitServer server, Lane lane) throws Exception {
    long sum = 0;
    try (Connection connection = connect(server)) {
      for (String queue : queues(lane)) {
        Channel channel = connection.createChannel();
        try {
          sum += channel.messageCount(queue);
          channel.close();
        } catch (IOException e) {
          // There is no such queue, and the question has closed the channel.
        }
      }
    }
    return sum;
  }
}
