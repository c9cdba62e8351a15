package dev.penstock.queue;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import dev.penstock.config.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;

/** Opens connections to the broker of the settings, each of them fit to be thrown away. */
final class RabbitConnections {
  private static final int CONNECT_MILLIS = 5_000;
  private static final int ANSWER_MILLIS = 10_000;
  private static final int HEARTBEAT_SECONDS = 10;
  private static final int LARGEST_MESSAGE = 1 << 30;

  private final ConnectionFactory factory;

  RabbitConnections(Settings.Rabbitmq settings) {
    factory = factory(settings);
  }

  private static ConnectionFactory factory(Settings.Rabbitmq settings) {
    var factory = new ConnectionFactory();
    factory.setAutomaticRecoveryEnabled(false);
    factory.setTopologyRecoveryEnabled(false);
    factory.setConnectionTimeout(CONNECT_MILLIS);
    factory.setHandshakeTimeout(CONNECT_MILLIS);
    factory.setChannelRpcTimeout(ANSWER_MILLIS);
    factory.setRequestedHeartbeat(HEARTBEAT_SECONDS);
    factory.setMaxInboundMessageBodySize(LARGEST_MESSAGE);
    factory.setSharedExecutor(Executors.newVirtualThreadPerTaskExecutor());
    factory.setThreadFactory(Thread.ofPlatform().name("rabbitmq-", 0).daemon().factory());
    settings.host().ifPresent(factory::setHost);
    factory.setPort(settings.port());
    factory.setUsername(settings.user());
    factory.setPassword(
        settings.passwordFile().map(RabbitConnections::firstLine).orElse(settings.password()));
    factory.setVirtualHost(settings.vhost());
    try {
      if (settings.uri().isPresent()) {
        factory.setUri(settings.uri().get());
      }
      if (settings.tls() || factory.isSSL()) {
        // The client's own default trusts every certificate.
        factory.useSslProtocol(SSLContext.getDefault());
        factory.enableHostnameVerification();
      }
    } catch (URISyntaxException | GeneralSecurityException e) {
      // Not with its cause, which quotes the URI and the password in it.
      throw new IllegalArgumentException("rabbitmq.uri is not one the client can use");
    }
    return factory;
  }

  private static String firstLine(Path file) {
    try {
      return Files.readString(file).lines().findFirst().orElse("");
    } catch (IOException e) {
      throw new UncheckedIOException("rabbitmq.password-file " + file + " cannot be read", e);
    }
  }

  /** Blocks, for a bounded time. */
  Connection open() throws IOException, TimeoutException {
    return factory.newConnection("penstock");
  }

  @Override
  public String toString() {
    return "RabbitMQ at " + factory.getHost() + ":" + factory.getPort();
  }
}
