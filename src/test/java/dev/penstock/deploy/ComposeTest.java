package dev.penstock.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The compose files, held against the settings and {@code .env.example}. */
final class ComposeTest {
  private static final String FILE = "docker-compose.yml";
  private static final Set<String> SECRETS =
      Set.of("AUTH_TOKEN", "RABBITMQ_PASSWORD", "REDIS_PASSWORD");
  private static final List<String> OURS = List.of("api", "worker", "single");

  private static Map<String, Object> service(String name) throws IOException {
    return Deployment.map(Deployment.yaml(FILE), "services", name);
  }

  private static Set<String> inProfile(String profile) throws IOException {
    return Deployment.map(Deployment.yaml(FILE), "services").entrySet().stream()
        .filter(entry ->
            Deployment.list(Deployment.map(entry.getValue()).get("profiles")).contains(profile))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  @Test
  void theProfilesStartWhatIsDocumented() throws Exception {
    assertThat(inProfile("all")).containsExactlyInAnyOrder("rabbitmq", "redis", "api", "worker");
    assertThat(inProfile("brokers")).containsExactlyInAnyOrder("rabbitmq", "redis");
    assertThat(inProfile("api")).containsExactlyInAnyOrder("single");
    assertThat(Deployment.map(Deployment.yaml(FILE), "services")).hasSize(5);
    assertThat(Deployment.assignments(".env.example")).containsEntry("COMPOSE_PROFILES", "all");
  }

  @Test
  void everyVariableOfOurContainersIsOneOfTheProgram() throws Exception {
    for (String name : OURS) {
      Map<String, Object> environment = Deployment.map(service(name), "environment");
      assertThat(environment.keySet()).as(name).isSubsetOf(Deployment.known());
    }
    assertThat(Deployment.map(service("api"), "environment")).containsEntry("ROLES", "http");
    assertThat(Deployment.map(service("worker"), "environment"))
        .containsEntry("ROLES", "inference");
    assertThat(Deployment.map(service("single"), "environment"))
        .doesNotContainKeys("ROLES", "CLUSTER", "RABBITMQ_HOST", "REDIS_HOST");
    for (String broker : List.of("rabbitmq", "redis")) {
      assertThat(Deployment.map(service("worker"), "environment"))
          .containsEntry(broker.toUpperCase(java.util.Locale.ROOT) + "_HOST", broker);
    }
  }

  @Test
  void theBrokersGetTheVariablesTheirImagesKnow() throws Exception {
    assertThat(Deployment.map(service("rabbitmq"), "environment"))
        .containsOnlyKeys("RABBITMQ_DEFAULT_USER", "RABBITMQ_DEFAULT_PASS");
    assertThat(Deployment.map(service("redis"), "environment")).containsOnlyKeys("REDISCLI_AUTH");
    assertThat(Deployment.list(service("redis").get("command")).getLast().toString())
        .contains(
            "--appendonly yes", "--maxmemory-policy noeviction", "requirepass", "exec redis-");
  }

  @Test
  void secretsHaveNoDefaultAndAreRefusedWhereTheyAreMissing() throws Exception {
    Set<String> asked = new HashSet<>();
    for (Deployment.Variable variable : Deployment.variables(Files.readString(Path.of(FILE)))) {
      asked.add(variable.name());
      if (SECRETS.contains(variable.name())) {
        assertThat(variable.kind()).as(variable.name()).isEqualTo("?");
        assertThat(variable.text()).contains(variable.name(), ".env.example");
      } else {
        assertThat(variable.name()).doesNotMatch(".*(PASSWORD|TOKEN|SECRET).*");
        assertThat(variable.kind()).as(variable.name()).isEqualTo("-");
      }
    }
    assertThat(asked).containsAll(SECRETS);
    Map<String, String> example = Deployment.assignments(".env.example");
    SECRETS.forEach(secret -> assertThat(example).containsEntry(secret, ""));
    asked.add("COMPOSE_PROFILES");
    assertThat(example.keySet()).containsExactlyInAnyOrderElementsOf(asked);
  }

  @Test
  void theExampleSaysTheStandardValues() throws Exception {
    Map<String, String> example = Deployment.assignments(".env.example");
    for (Deployment.Variable variable : Deployment.variables(Files.readString(Path.of(FILE)))) {
      if (variable.kind().equals("-")) {
        assertThat(example).containsEntry(variable.name(), variable.text());
      }
    }
    assertThat(example)
        .containsEntry("EMBEDDING_MODEL", Deployment.standard("embedding.model"))
        .containsEntry("API_PUBLISHED_PORT", Deployment.standard("api.port"))
        .containsEntry("RABBITMQ_PUBLISHED_PORT", Deployment.standard("rabbitmq.port"))
        .containsEntry("REDIS_PUBLISHED_PORT", Deployment.standard("redis.port"));
  }

  @Test
  void portsAreTheProgramsAndAWorkerHasNone() throws Exception {
    for (var port :
        Map.of(
                "api",
                "api.port",
                "single",
                "api.port",
                "rabbitmq",
                "rabbitmq.port",
                "redis",
                "redis.port")
            .entrySet()) {
      assertThat(Deployment.list(service(port.getKey()).get("ports")))
          .singleElement()
          .asString()
          .endsWith(":" + Deployment.standard(port.getValue()))
          .contains("127.0.0.1");
    }
    assertThat(service("worker")).doesNotContainKeys("ports", "container_name", "hostname");
    assertThat(Files.readString(Path.of(FILE))).doesNotContain("container_name");
  }

  @Test
  void containersAreLockedLimitedAndWatched() throws Exception {
    for (String name : Deployment.map(Deployment.yaml(FILE), "services").keySet()) {
      Map<String, Object> service = service(name);
      assertThat(Deployment.list(service.get("cap_drop"))).as(name).hasToString("[ALL]");
      assertThat(Deployment.list(service.get("security_opt")))
          .hasToString("[no-new-privileges:true]");
      assertThat(Deployment.map(service, "deploy", "resources", "limits"))
          .containsKeys("cpus", "memory");
      assertThat(service).containsKeys("stop_grace_period", "volumes");
      if (OURS.contains(name)) {
        assertThat(service).containsEntry("read_only", true).containsKey("build");
        // Docker's own standard for a tmpfs is noexec, and plugins may bring native libraries.
        assertThat(Deployment.list(service.get("tmpfs")))
            .singleElement()
            .asString()
            .startsWith("/tmp:exec,");
      } else {
        assertThat(service).containsKey("healthcheck");
        assertThat(service.get("image")).asString().matches("[a-z]+:\\d+\\.\\d+\\.\\d+");
      }
    }
    for (String name : List.of("api", "worker")) {
      assertThat(Deployment.map(service(name), "depends_on"))
          .containsOnlyKeys("rabbitmq", "redis")
          .allSatisfy((broker, how) ->
              assertThat(Deployment.map(how)).containsEntry("condition", "service_healthy"));
    }
  }

  @Test
  void namedVolumesAreDeclared() throws Exception {
    Map<String, Object> file = Deployment.yaml(FILE);
    Set<String> used = new HashSet<>();
    for (Object service : Deployment.map(file, "services").values()) {
      for (Object volume : Deployment.list(Deployment.map(service).get("volumes"))) {
        String text = volume.toString();
        if (!text.startsWith("/")) {
          used.add(text.substring(0, text.indexOf(':')));
        }
      }
    }
    assertThat(Deployment.map(file, "volumes").keySet()).containsExactlyInAnyOrderElementsOf(used);
  }

  @Test
  void theGpuFileChangesServicesThatAreThere() throws Exception {
    Map<String, Object> gpu = Deployment.map(Deployment.yaml("docker-compose.gpu.yml"), "services");
    assertThat(gpu.keySet()).containsExactlyInAnyOrder("worker", "single");
    for (Object service : gpu.values()) {
      assertThat(Deployment.map(service, "build", "args")).containsEntry("GPU", "1");
      assertThat(Deployment.map(service, "environment").keySet()).isSubsetOf(Deployment.known());
    }
    assertThat(Deployment.map(service("worker"), "build", "args")).containsEntry("GPU", "0");
    assertThat(Files.readString(Path.of("Dockerfile"))).contains("\nARG GPU=0\n");
  }
}
