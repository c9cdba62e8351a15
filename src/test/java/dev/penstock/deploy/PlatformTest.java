package dev.penstock.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** systemd's unit, Prometheus's and Grafana's files, make's targets and the container's scripts. */
final class PlatformTest {
  @TempDir Path folder;

  @Test
  void theUnitSetsVariablesOfTheProgram() throws Exception {
    String unit = Files.readString(Path.of("deploy/systemd/penstock.service"));
    Set<String> names =
        Pattern.compile("(?m)^Environment=([A-Z_]+)=")
            .matcher(unit)
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toSet());
    assertThat(names).contains("DATA_DIR", "LC_ALL");
    names.remove("LC_ALL"); // the system's own
    assertThat(names).isSubsetOf(Deployment.known());
    assertThat(unit)
        .contains("[Unit]", "[Service]", "[Install]", "DynamicUser=yes", "ProtectSystem=strict")
        .containsPattern("(?m)^ExecStart=/usr/bin/java .* -jar /\\S+/penstock\\.jar$")
        .doesNotContainPattern("(?m)^MemoryDenyWriteExecute");
    String folder = "/var/lib/" + unit.replaceFirst("(?s).*\nStateDirectory=(\\S+)\n.*", "$1");
    assertThat(unit).contains("DATA_DIR=" + folder, "WorkingDirectory=" + folder);
  }

  @Test
  void prometheusAsksARouteOnTheUsualPort() throws Exception {
    Map<String, Object> job =
        Deployment.map(
            Deployment.list(
                    Deployment.yaml("deploy/prometheus/prometheus.yml").get("scrape_configs"))
                .getFirst());
    assertThat(Deployment.routes()).contains(Deployment.text(job, "metrics_path"));
    Map<String, Object> names =
        Deployment.map(Deployment.list(job.get("dns_sd_configs")).getFirst());
    assertThat(names.get("port")).hasToString(Deployment.standard("api.port"));
  }

  @Test
  void theDashboardShowsMetricsThatAreDocumented() throws Exception {
    String dashboard = Files.readString(Path.of("deploy/grafana/penstock.json"));
    String operations = Files.readString(Path.of("docs/operations.md"));
    List<String> metrics =
        Pattern.compile("penstock_[a-z_]+")
            .matcher(dashboard)
            .results()
            .map(found -> found.group().replaceFirst("_bucket$", ""))
            .distinct()
            .toList();
    assertThat(metrics).hasSizeGreaterThan(5);
    metrics.forEach(metric -> assertThat(operations).contains("`" + metric + "`"));
  }

  @Test
  void makeListsItsTargetsAndTheySayWhenDockerIsMissing() throws Exception {
    String makefile = Files.readString(Path.of("Makefile"));
    for (String target : List.of("start", "stop", "logs", "scale")) {
      assertThat(makefile).containsPattern("(?m)^" + target + ": compose-there ## ");
    }
    // A PATH with nothing in it, so without docker too.
    Path bin = Files.createDirectory(folder.resolve("bin"));
    Ended ended = run(Map.of("PATH", bin.toString()), "make", "start");
    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.output()).contains("needs Docker with Compose");
  }

  @Test
  void theHealthCheckTellsTwoHundredFromAllElse() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/health/live",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.createContext(
        "/health/ready",
        exchange -> {
          exchange.sendResponseHeaders(503, -1);
          exchange.close();
        });
    server.start();
    String healthy = "deploy/container/healthy";
    var port = Map.of("API_PORT", Integer.toString(server.getAddress().getPort()));
    try {
      assertThat(run(port, healthy).code()).isZero();
      assertThat(run(port, healthy, "/health/ready").code()).isNotZero();
    } finally {
      server.stop(0);
    }
    assertThat(run(port, healthy).code()).isNotZero();
    String text = Files.readString(Path.of(healthy));
    assertThat(text).contains(":-/health/live}", "API_PORT:-" + Deployment.standard("api.port"));
    assertThat(Deployment.routes()).contains("/health/live");
  }

  @Test
  void theLauncherBecomesJavaWithAllItWasGiven() throws Exception {
    Path java = folder.resolve("java");
    Files.writeString(java, "#!/bin/sh\necho \"$CLUSTER_HOST\"\nprintf '<%s>' \"$@\"\nexit 7\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    var environment =
        Map.of(
            "PATH", folder + ":" + System.getenv("PATH"),
            "JAVA_OPTS", "-Xmx1g -Done=1",
            "CLUSTER", "true",
            "CLUSTER_HOST", "10.0.0.7");
    Ended ended = run(environment, "deploy/container/penstock", "--conf", "/a b.yaml");
    assertThat(ended.code()).isEqualTo(7);
    assertThat(ended.output())
        .isEqualTo(
            "10.0.0.7\n<--sun-misc-unsafe-memory-access=allow><-XX:+ExitOnOutOfMemoryError>"
                + "<-Xmx1g><-Done=1><-jar></app/penstock.jar><--conf></a b.yaml>");
  }

  private record Ended(int code, String output) {}

  private Ended run(Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", ".txt");
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().remove("MAKEFLAGS");
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Ended(process.exitValue(), Files.readString(output));
  }
}
