package dev.penstock.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hazelcast.config.Config;
import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ClusterTest {
  private static Settings.Cluster settings(Map<String, String> more) {
    return SettingsLoader.load(List.of(), more, Map.of(), null).settings().cluster();
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.7, 10.0.0.7:5701",
    "10.0.0.7:99, 10.0.0.7:99",
    "penstock.example, penstock.example:5701",
    "penstock.example:99, penstock.example:99",
    "fd00::7, [fd00::7]:5701",
    "[fd00::7], [fd00::7]:5701",
    "[fd00::7]:99, [fd00::7]:99"
  })
  void aMemberWithoutAPortHasOurs(String member, String expected) {
    assertThat(Cluster.withPort(member, 5701)).isEqualTo(expected);
  }

  @Test
  void nobodyIsFoundButTheMembersNamed() {
    Config config =
        Cluster.config(settings(Map.of("cluster.members", "10.0.0.7, other:99, fd00::7")));
    var join = config.getNetworkConfig().getJoin();
    assertThat(join.getMulticastConfig().isEnabled()).isFalse();
    assertThat(join.getAutoDetectionConfig().isEnabled()).isFalse();
    assertThat(join.getTcpIpConfig().getMembers())
        .containsExactly("127.0.0.1:5701", "10.0.0.7:5701", "other:99", "[fd00::7]:5701");
    assertThat(config.getNetworkConfig().getInterfaces().getInterfaces())
        .as("loopback unless told otherwise")
        .containsExactly("127.0.0.1");
    assertThat(config.getNetworkConfig().isPortAutoIncrement()).isFalse();
    assertThat(config.getProperty("hazelcast.phone.home.enabled")).isEqualTo("false");
    assertThat(config.getProperty("hazelcast.socket.bind.any")).isEqualTo("false");
  }

  @ParameterizedTest
  @ValueSource(strings = {"203.0.113.7", "0.0.0.0", "nowhere.invalid"})
  void anAddressThatIsNotThisMachinesIsRefused(String host) {
    assertThatThrownBy(() -> Cluster.config(settings(Map.of("cluster.host", host))))
        .isInstanceOf(BadSettings.class)
        .hasMessageStartingWith("cluster.host = " + host);
  }
}
