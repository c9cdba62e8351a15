package dev.penstock.testing;

import com.hazelcast.client.config.ClientConfig;

/** Who knows a cluster's name, where one of its nodes listens, and no more. */
public final class HazelcastStranger {
  private HazelcastStranger() {}

  /** As Hazelcast's own client comes. It gives up after two seconds. */
  public static ClientConfig client(String cluster, int port) {
    var client = new ClientConfig();
    client.setClusterName(cluster);
    client.setProperty("hazelcast.logging.type", "slf4j");
    client.getNetworkConfig().addAddress("127.0.0.1:" + port);
    client
        .getConnectionStrategyConfig()
        .getConnectionRetryConfig()
        .setClusterConnectTimeoutMillis(2_000);
    return client;
  }
}
