package dev.penstock.queue;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.metrics.Meters;
import dev.penstock.task.Lane;
import dev.penstock.testing.RabbitServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.HashMap;
import java.util.Map;

/** What tests do with a broker besides what Penstock does. */
final class TestBroker {

  private TestBroker() {}

  /** The settings for it, but for these keys. */
  static Settings.Rabbitmq settings(RabbitServer server, Map<String, String> others) {
    Map<String, String> keys = new HashMap<>(others);
    keys.put("rabbitmq.host", "127.0.0.1");
    keys.put("rabbitmq.port", Integer.toString(server.port()));
    return SettingsLoader.load(keys, Map.of(), null).rabbitmq();
  }

  static TaskQueue open(RabbitServer server, Map<String, String> others) {
    return TaskQueues.open(settings(server, others), new Meters(new SimpleMeterRegistry()));
  }

  interface Action<T> {
    T on(Channel channel) throws Exception;
  }

  static <T> T with(RabbitServer server, Action<T> action) throws Exception {
    var factory = new ConnectionFactory();
    factory.setHost("127.0.0.1");
    factory.setPort(server.port());
    try (Connection connection = factory.newConnection();
        Channel channel = connection.createChannel()) {
      return action.on(channel);
    }
  }

  static void delete(RabbitServer server, Lane... lanes) throws Exception {
    with(
        server,
        channel -> {
          for (Lane lane : lanes) {
            channel.queueDelete(RabbitLink.queue(lane));
          }
          return true;
        });
  }

  /** How many messages of the lane wait in the broker, beside those that were delivered. */
  static long waiting(RabbitServer server, Lane lane) throws Exception {
    return with(server, channel -> channel.messageCount(RabbitLink.queue(lane)));
  }
}
