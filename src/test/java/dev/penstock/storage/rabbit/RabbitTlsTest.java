package dev.penstock.storage.rabbit;

import static dev.penstock.storage.TestTasks.LANE;
import static dev.penstock.storage.TestTasks.tasks;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.config.SettingsLoader;
import dev.penstock.metrics.Meters;
import dev.penstock.storage.TaskQueue;
import dev.penstock.storage.TaskQueue.Room;
import dev.penstock.task.Priority;
import dev.penstock.testing.Await;
import dev.penstock.testing.Certificates;
import dev.penstock.testing.FreePort;
import dev.penstock.testing.RabbitServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RabbitTlsTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path folder;

  private static TaskQueue open(int port, Map<String, String> others) {
    Map<String, String> keys = new HashMap<>(others);
    keys.put("rabbitmq.host", "127.0.0.1");
    keys.put("rabbitmq.port", Integer.toString(port));
    keys.put("rabbitmq.tls", "true");
    return RabbitTaskQueue.open(
        SettingsLoader.load(List.of(), keys, Map.of(), null).settings().rabbitmq(),
        new Meters(new SimpleMeterRegistry()),
        Set::of);
  }

  @Test
  void tlsIsSpokenWithWhomTheAuthorityVouchesForAndNobodyElse() throws Exception {
    Certificates certificates = Certificates.make(folder);
    int port = FreePort.next();
    Files.writeString(
        folder.resolve("rabbitmq.conf"),
        """
        listeners.ssl.default = 127.0.0.1:%d
        ssl_options.cacertfile = %s
        ssl_options.certfile = %s
        ssl_options.keyfile = %s
        ssl_options.verify = verify_none
        """
            .formatted(
                port, certificates.authority(), certificates.certificate(), certificates.key()));
    try (var _ = RabbitServer.start(folder)) {
      try (TaskQueue queue =
          open(port, Map.of("rabbitmq.ca-file", certificates.authority().toString()))) {
        Await.until("it is connected", SOON, () -> queue.trouble().isEmpty());
        queue.enqueue(tasks(3));
        assertThat(queue.receive(LANE, new Room(3, 1 << 20, Priority.LOWEST), SOON)).isNotEmpty();
      }
      try (TaskQueue queue = open(port, Map.of())) {
        Await.until(
            "nobody vouches for it",
            SOON,
            () -> queue.trouble().orElse("").contains("certification path"));
      }
    }
  }
}
