package dev.penstock.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.start.SettingGroups;
import dev.penstock.types.embedding.EmbeddingSettings;
import io.smallrye.config.ConfigMappings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SettingsLoaderTest {
  private static final Map<String, String> NONE = Map.of();
  private static final Set<String> SECRETS =
      Set.of("auth.token", "redis.password", "redis.uri", "rabbitmq.password", "rabbitmq.uri");

  private static final List<SettingKey> KEYS = SettingsLoader.keys(List.of());

  @TempDir Path dir;

  @Test
  void theDefaultsAreInsideTheProgram() {
    Settings settings = load(NONE, NONE, null);

    assertThat(settings.api().host()).isEqualTo("127.0.0.1");
    assertThat(settings.api().port()).isEqualTo(8000);
    assertThat(settings.api().corsOrigins()).isEmpty();
    assertThat(settings.auth().token()).isEmpty();
    assertThat(settings.auth().none()).isFalse();
    assertThat(settings.session().idle()).isEqualTo(Duration.ofMinutes(30));
    assertThat(settings.session().max()).isEqualTo(Duration.ofHours(12));
    assertThat(settings.session().secure()).isEqualTo(Settings.Session.Secure.AUTO);
    assertThat(settings.log().level()).isEqualTo(Settings.Log.Level.INFO);
    assertThat(settings.log().format()).isEqualTo(Settings.Log.Format.TEXT);
    assertThat(settings.data().dir()).isEqualTo(Path.of("data"));
    assertThat(settings.db().path()).isEqualTo(Path.of("data/penstock.db"));
    assertThat(settings.task().ttl()).isEqualTo(Duration.ofHours(1));
    assertThat(settings.task().maxAttempts()).isEqualTo(3);
    assertThat(settings.task().maxLost()).isEqualTo(10);
    assertThat(settings.task().timeout()).isEqualTo(Duration.ofMinutes(10));
    assertThat(settings.task().retryBase()).isEqualTo(Duration.ofSeconds(1));
    assertThat(settings.task().retryCap()).isEqualTo(Duration.ofMinutes(5));
    assertThat(settings.failedTtl()).isEqualTo(Duration.ofDays(7));
    assertThat(settings.syncTtl()).isEqualTo(Duration.ofMinutes(1));
    assertThat(settings.lease().duration()).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.lease().extendEvery()).isEqualTo(Duration.ofSeconds(10));
    assertThat(settings.lease().sweepEvery()).isEqualTo(Duration.ofSeconds(5));
    assertThat(settings.lease().margin()).isEqualTo(Duration.ofSeconds(10));
    assertThat(settings.store().maxBytes()).isEqualTo(8L << 30);
    assertThat(settings.redis().host()).isEmpty();
    assertThat(settings.redis().port()).isEqualTo(6379);
    assertThat(settings.redis().username()).isEmpty();
    assertThat(settings.redis().password()).isEmpty();
    assertThat(settings.redis().uri()).isEmpty();
    assertThat(settings.redis().tls()).isFalse();
    assertThat(settings.rabbitmq().used()).isFalse();
    assertThat(settings.rabbitmq().port()).isEqualTo(5672);
    assertThat(settings.rabbitmq().user()).isEqualTo("guest");
    assertThat(settings.rabbitmq().vhost()).isEqualTo("/");
    assertThat(settings.rabbitmq().queueType()).isEqualTo(Settings.Rabbitmq.QueueType.CLASSIC);
    assertThat(settings.rabbitmq().prefetch()).isEqualTo(512);
    assertThat(settings.rabbitmq().confirmTimeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(settings.rabbitmq().ackHorizon()).isEqualTo(Duration.ofMinutes(15));
    assertThat(settings.http().syncTimeout()).isEqualTo(Duration.ofMinutes(2));
    assertThat(settings.http().maxBodyBytes()).isEqualTo(4 << 20);
    assertThat(settings.http().maxHeldRequests()).isEqualTo(1024);
    assertThat(settings.http().maxConnectionsPerAddress()).isEqualTo(1024);
    assertThat(settings.http().readTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.http().idleTimeout()).isEqualTo(Duration.ofSeconds(75));
    assertThat(settings.shares().perKey()).isEqualTo(90);
    assertThat(settings.shares().heldRequests()).isZero();
    assertThat(settings.shares().eventStreams()).isZero();
    assertThat(settings.shares().workerPolls()).isZero();
    assertThat(settings.shares().searches()).isEqualTo(1);
    assertThat(model(NONE)).isEqualTo("all-minilm-l6-v2");
    assertThat(settings.inference().device()).isEqualTo("auto");
    assertThat(settings.inference().threads()).isZero();
    assertThat(settings.inference().tokenBudget()).isZero();
    assertThat(settings.inference().tasksInHand()).isEqualTo(256);
    assertThat(settings.model().type()).isEmpty();
    assertThat(settings.model().key()).isEmpty();
    assertThat(settings.model().idleUnload()).isEqualTo(Duration.ofMinutes(15));
    assertThat(settings.model().maxMemoryGb()).isZero();
    assertThat(settings.models().file()).isEmpty();
    assertThat(settings.models().dir()).isEqualTo(Path.of("models"));
    assertThat(settings.plugins().dir()).isEqualTo(Path.of("plugins"));
    assertThat(settings.shutdown().timeout()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void everySettingHasAnAccessorAndEverySecretAFile() {
    Set<String> expected =
        new HashSet<>(
            ConfigMappings.getProperties(ConfigMappings.ConfigClass.configClass(Settings.class))
                .keySet());
    expected.removeIf(key -> key.endsWith("[*]"));
    SECRETS.forEach(key -> expected.add(key + "-file"));

    assertThat(KEYS).extracting(SettingKey::key).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(KEYS)
        .filteredOn(SettingKey::secret)
        .extracting(SettingKey::key)
        .containsExactlyInAnyOrderElementsOf(SECRETS);
  }

  @Test
  void everyKeyHasADescriptionAndAVariable() {
    assertThat(KEYS)
        .allSatisfy(key -> {
          assertThat(key.description()).as(key.key()).matches("[A-Z].*\\.");
          assertThat(key.allowed()).as(key.key()).isNotBlank();
          assertThat(key.variable()).as(key.key()).matches("[A-Z_]+");
        });
    assertThat(KEYS)
        .filteredOn(key -> key.key().equals("task.max-attempts"))
        .singleElement()
        .satisfies(key -> {
          assertThat(key.standard()).isEqualTo("3");
          assertThat(key.description())
              .isEqualTo("Runs a task gets that end in an error worth repeating.");
          assertThat(key.allowed()).isEqualTo("a whole number from 1 to 100");
          assertThat(key.variable()).isEqualTo("TASK_MAX_ATTEMPTS");
        });
  }

  @Test
  void everyVariableReachesItsKey() {
    Map<String, String> environment =
        KEYS.stream().collect(Collectors.toMap(SettingKey::variable, key -> "\u0007"));

    assertThat(problems(NONE, environment, null))
        .hasSameSizeAs(KEYS)
        .allSatisfy(problem -> assertThat(problem).contains("(environment variable "));
  }

  @Test
  void theCommandLineGoesBeforeTheEnvironmentBeforeTheFileBeforeTheDefaults() throws IOException {
    Path file =
        yaml(
            """
            api:
              host: 127.0.0.2
              port: 1001
            task:
              max-attempts: 4
            """);

    Settings settings =
        load(
            Map.of("api.port", "1003"), Map.of("API_PORT", "1002", "TASK_MAX_ATTEMPTS", "5"), file);

    assertThat(settings.api().port()).isEqualTo(1003);
    assertThat(settings.task().maxAttempts()).isEqualTo(5);
    assertThat(settings.api().host()).isEqualTo("127.0.0.2");
    assertThat(settings.task().maxLost()).isEqualTo(10);
  }

  @Test
  void theNamesPeopleUseWork() {
    Settings settings =
        load(
            NONE,
            Map.of(
                "API_HOST", "localhost",
                "API_PORT", "0",
                "AUTH_TOKEN", "secret",
                "LOG_LEVEL", "debug",
                "DB_PATH", "/tmp/x.db",
                "TASK_TTL", "90",
                "SYNC_TTL", "2m",
                "FAILED_TTL", "P1D"),
            null);

    assertThat(settings.api().host()).isEqualTo("localhost");
    assertThat(settings.api().port()).isZero();
    assertThat(settings.auth().token()).contains("secret");
    assertThat(settings.log().level()).isEqualTo(Settings.Log.Level.DEBUG);
    assertThat(settings.db().path()).isEqualTo(Path.of("/tmp/x.db"));
    assertThat(settings.task().ttl()).isEqualTo(Duration.ofSeconds(90));
    assertThat(model(Map.of("EMBEDDING_MODEL", "some-model"))).isEqualTo("some-model");
    assertThat(settings.syncTtl()).isEqualTo(Duration.ofMinutes(2));
    assertThat(settings.failedTtl()).isEqualTo(Duration.ofDays(1));
  }

  @Test
  void serverPortIsASecondNameForApiPort() {
    assertThat(load(NONE, Map.of("SERVER_PORT", "9000"), null).api().port()).isEqualTo(9000);
    assertThat(load(NONE, Map.of("SERVER_PORT", "9000", "API_PORT", "9001"), null).api().port())
        .isEqualTo(9001);
    assertThat(problems(NONE, Map.of("SERVER_PORT", "x"), null))
        .containsExactly(
            "api.port = 'x' (environment variable SERVER_PORT): must be a whole number from 0 to"
                + " 65535");
  }

  @Test
  void prefetchCountIsASecondNameForThePrefetch() {
    assertThat(load(NONE, Map.of("PREFETCH_COUNT", "64"), null).rabbitmq().prefetch())
        .isEqualTo(64);
  }

  @ParameterizedTest
  @CsvSource({
    "rabbitmq.host, rabbit.example.org",
    "rabbitmq.uri, amqp://rabbit.example.org",
    "rabbitmq.uri, amqp://guest:guest@rabbit.example.org:5672",
  })
  void theWellKnownAccountIsRefusedOutsideThisMachine(String key, String value) {
    assertThat(problems(Map.of(key, value), NONE, null))
        .singleElement()
        .asString()
        .startsWith("rabbitmq.")
        .contains("well-known")
        .doesNotContain("guest:guest");
  }

  private static final Map<String, String> SHARED =
      Map.of("CLUSTER", "true", "RABBITMQ_HOST", "127.0.0.1", "REDIS_HOST", "127.0.0.1");

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.7", "0.0.0.0", "node-1", "fd00::7"})
  void nodesThatOtherMachinesReachNeedCertificatesOrSayThatTheirNetworkIsClosed(String host) {
    assertThat(problems(Map.of("cluster.host", host), SHARED, null))
        .singleElement()
        .asString()
        .startsWith("cluster.cert-file")
        .contains(
            "cluster.key-file", "cluster.ca-file", "(" + host + ")", "cluster.closed-network");
    assertThat(
            load(Map.of("cluster.host", host, "cluster.closed-network", "true"), SHARED, null)
                .cluster()
                .closedNetwork())
        .isTrue();
    Map<String, String> files =
        Map.of(
            "cluster.host", host,
            "cluster.cert-file", "a.pem",
            "cluster.key-file", "a.key",
            "cluster.ca-file", "ca.pem");
    assertThat(load(files, SHARED, null).cluster().certFile()).contains(Path.of("a.pem"));
    assertThat(load(Map.of("cluster.host", host), NONE, null).cluster().enabled())
        .as("without a cluster it means nothing")
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "::1", "127.1.2.3"})
  void nodesOfOneMachineNeedNoCertificates(String host) {
    assertThat(load(Map.of("cluster.host", host), SHARED, null).cluster().certFile()).isEmpty();
  }

  @Test
  void aPartOfTheFilesOfANodeIsNotEnough() {
    assertThat(problems(Map.of("cluster.key-file", "a.key"), SHARED, null))
        .hasSize(2)
        .anySatisfy(problem ->
            assertThat(problem).startsWith("cluster.cert-file").contains("must be set too"))
        .anySatisfy(problem -> assertThat(problem).startsWith("cluster.ca-file"));
  }

  @Test
  void anEmptyVariableCountsAsNotSet() {
    Settings settings = load(NONE, Map.of("API_HOST", "", "API_PORT", "", "AUTH_TOKEN", ""), null);

    assertThat(settings.api().host()).isEqualTo("127.0.0.1");
    assertThat(settings.auth().token()).isEmpty();
  }

  @Test
  void othersVariablesChangeNothing() {
    Map<String, String> environment =
        Map.of(
            "PATH", "/bin",
            "api.port", "1",
            "api_port", "2",
            "SMALLRYE_CONFIG_PROFILE", "dev",
            "SMALLRYE_CONFIG_LOCATIONS", "/nowhere",
            "API", "x",
            "HTTP_MAX_BODY_BYTES", "x");

    assertThat(load(NONE, environment, null).api().port()).isEqualTo(8000);
  }

  @Test
  void systemPropertiesChangeNothing() {
    System.setProperty("api.port", "1");
    try {
      assertThat(load(NONE, NONE, null).api().port()).isEqualTo(8000);
    } finally {
      System.clearProperty("api.port");
    }
  }

  @Test
  void textThatLooksLikeAnExpressionIsOnlyText() {
    String token = "a${api.host}b$$c\\d%e";

    assertThat(load(NONE, Map.of("AUTH_TOKEN", token), null).auth().token()).contains(token);
  }

  @ParameterizedTest
  @CsvSource({
    "'', auto, cpu",
    "' ', auto, cpu",
    "-1, auto, cpu",
    "0, auto, auto",
    "'0,1', auto, auto",
    "-1, cuda:0, cuda:0",
    "-1, cpu, cpu",
  })
  void hiddenGpusTurnAutoIntoCpu(String visible, String device, String expected) {
    Settings settings =
        load(Map.of("inference.device", device), Map.of("CUDA_VISIBLE_DEVICES", visible), null);

    assertThat(settings.inference().device()).isEqualTo(expected);
  }

  @Test
  void theDatabaseFollowsTheDataFolderUnlessItHasItsOwnPath() {
    assertThat(load(Map.of("data.dir", "/var/p"), NONE, null).db().path())
        .isEqualTo(Path.of("/var/p/penstock.db"));
    assertThat(load(Map.of("data.dir", "/var/p"), Map.of("DB_PATH", "q.db"), null).db().path())
        .isEqualTo(Path.of("q.db"));
  }

  @ParameterizedTest
  @CsvSource({
    "api.host, 127.0.0.1",
    "api.host, ::1",
    "api.host, my-host.example",
    "api.host, 0.0.0.0",
    "api.port, 65535",
    "api.cors-origins, *",
    "api.cors-origins, 'https://app.example.com, http://localhost:3000,http://[::1]:80'",
    "api.cors-origins, app://obsidian.md",
    "api.cors-origins, moz-extension://5f0c3b9a-1d2e",
    "log.level, Warn",
    "task.ttl, 500ms",
    "task.ttl, PT30S",
    "task.ttl, 3600",
    "task.ttl, 365d",
    "store.max-bytes, 1048576",
    "store.max-bytes, 1TiB",
    "redis.host, redis.example.org",
    "redis.uri, redis://localhost",
    "redis.uri, 'rediss://user:p%40ss@[::1]:6380/2'",
    "rabbitmq.host, 127.0.0.1",
    "rabbitmq.uri, amqp://localhost",
    "rabbitmq.uri, 'amqps://user:p%40ss@rabbit.example.org:5671/tasks'",
    "rabbitmq.queue-type, quorum",
    "http.max-body, 512KiB",
    "http.max-body, 1 gib",
    "inference.device, cuda:7",
    "inference.threads, 0",
    "task.max-lost, 0",
    "shutdown.timeout, 0s",
    "embedding.model, sentence-transformers/all-MiniLM-L6-v2",
    "models.file, ''",
    "model.type, 'embedding, ping'",
    "model.key, 'all-minilm-l6-v2,org/a.b:c'",
    "model.idle-unload, 0s",
    "model.max-memory-gb, 0.5",
    "model.trial, false",
  })
  void aGoodValueIsTaken(String key, String value) {
    assertThat(load(Map.of(key, value), NONE, null)).isNotNull();
  }

  @ParameterizedTest
  @CsvSource({
    "api.host, ''",
    "api.host, 300.0.0.1",
    "api.host, 'a b'",
    "api.host, http://localhost",
    "api.port, -1",
    "api.port, 65536",
    "api.port, 80a",
    "api.port, 99999999999",
    "api.cors-origins, app.example.com",
    "api.cors-origins, localhost:3000",
    "api.cors-origins, https://app.example.com/",
    "api.cors-origins, https://app.example.com/chat",
    "api.cors-origins, https://*.example.com",
    "api.cors-origins, chrome-extension://*",
    "api.cors-origins, https://user@app.example.com",
    "api.cors-origins, http://localhost:70000",
    "api.cors-origins, http://localhost:",
    "api.cors-origins, 'https://a.example https://b.example'",
    "api.cors-origins, 'https://a.example,'",
    "api.cors-origins, https://bücher.example",
    "api.cors-origins, null",
    "api.cors-origins, 'https://a.example,*'",
    "auth.none, yes",
    "auth.token, 'two words'",
    "log.level, LOUD",
    "data.dir, ''",
    "data.dir, ' data'",
    "db.path, :memory:",
    "task.ttl, 0",
    "task.ttl, -5s",
    "task.ttl, PT-5S",
    "task.ttl, 366d",
    "task.ttl, 5 weeks",
    "task.ttl, 999999999999d",
    "task.max-attempts, 0",
    "task.max-attempts, 1.5",
    "lease.duration, 1ms",
    "store.max-bytes, 8GB",
    "redis.host, 'a b'",
    "redis.port, 'tcp://10.0.0.1:6379'",
    "redis.password, 'two\nlines'",
    "redis.uri, http://localhost",
    "redis.uri, redis://",
    "redis.uri, redis://localhost/tasks",
    "redis.tls, yes",
    "rabbitmq.host, 'a b'",
    "rabbitmq.port, 'tcp://10.0.0.1:5672'",
    "rabbitmq.uri, http://localhost",
    "rabbitmq.uri, 'amqp://us%er@localhost'",
    "rabbitmq.queue-type, stream",
    "rabbitmq.prefetch, 0",
    "rabbitmq.ack-horizon, 30m",
    "store.max-bytes, 9999999TiB",
    "store.max-bytes, 9999999999999999999",
    "http.max-body, 2GiB",
    "http.max-body, 1",
    "http.max-held-requests, 0",
    "http.abandon-after, 2h",
    "embedding.model, ../etc/passwd",
    "model.key, '../x'",
    "model.type, 'a,,b'",
    "model.max-memory-gb, -1",
    "model.max-memory-gb, 2GiB",
    "model.trial, maybe",
    "models.dir, ''",
    "inference.device, gpu",
    "inference.device, cuda:",
    "inference.threads, -1",
    "inference.tasks-in-hand, 0",
    "shutdown.timeout, 2h",
    "cluster.members, 'a,,b'",
    "cluster.members, 'a:b'",
    "cluster.members, 'a:70000'",
    "cluster.members, '300.0.0.1'",
    "cluster.members, 'http://a:5701'",
    "cluster.members, '[fd00::7'",
    "cluster.members, 'fd00::x'",
    "cluster.host, 'a:5701'",
  })
  void aWrongValueIsRefusedWithItsKeyAndWhatIsAllowed(String key, String value) {
    assertThat(problems(Map.of(key, value), NONE, null))
        .singleElement()
        .asString()
        .startsWith(key)
        .contains("(command line): must be ")
        .satisfies(line -> {
          if (!SECRETS.contains(key)) {
            assertThat(line).contains("'" + value + "'");
          }
        });
  }

  @Test
  void originsAreKeptAsBrowsersSendThem() {
    assertThat(
            load(
                    Map.of(
                        "api.cors-origins", "HTTPS://App.Example.com:443, http://b.example:8080"),
                    NONE,
                    null)
                .api()
                .corsOrigins())
        .contains(List.of("https://app.example.com", "http://b.example:8080"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "192.168.1.2", "::", "penstock.example.org"})
  void noKeyAtAllIsRefusedWhereOtherMachinesReachIt(String host) {
    assertThat(
            problems(
                Map.of("auth.none", "true", "api.host", host, "auth.token", "k7Q2-v9fXw!m4Zp0"),
                NONE,
                null))
        .containsExactly(
            "auth.none = 'true' (command line): must be false, because api.host ("
                + host
                + ") is reached from outside this machine, and there every request needs a key");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "localhost", "127.0.0.2"})
  void noKeyAtAllIsForLoopback(String host) {
    assertThat(load(Map.of("auth.none", "true", "api.host", host), NONE, null).auth().none())
        .isTrue();
  }

  @Test
  void noKeyAtAllIsNotForEveryPageThereIs() {
    assertThat(problems(Map.of("auth.none", "true", "api.cors-origins", "*"), NONE, null))
        .singleElement()
        .asString()
        .startsWith("api.cors-origins = '*'")
        .contains("auth.none");
  }

  @Test
  void everyProblemIsToldAtOnceWithItsOrigin() throws IOException {
    Path file =
        yaml(
            """
            task:
              ttl: soon
            """);

    assertThat(problems(Map.of("api.port", "x"), Map.of("LOG_LEVEL", "LOUD"), file))
        .containsExactlyInAnyOrder(
            "api.port = 'x' (command line): must be a whole number from 0 to 65535",
            "log.level = 'LOUD' (environment variable LOG_LEVEL): must be one of TRACE, DEBUG,"
                + " INFO, WARN, ERROR",
            "task.ttl = 'soon' ("
                + file
                + ", line 2): must be a time from 100ms to 365d, written"
                + " like 500ms, 30s, 10m, 2h or 7d");
  }

  @Test
  void keysAreCheckedAgainstEachOther() {
    assertThat(problems(Map.of("lease.duration", "10s"), NONE, null))
        .containsExactly("lease.extend-every = '10s' (default): must be less than lease.duration");
    assertThat(problems(Map.of("task.retry-base", "10m"), NONE, null))
        .containsExactly("task.retry-cap = '5m' (default): must not be less than task.retry-base");
  }

  @Test
  void aKubernetesServiceVariableIsExplained() {
    assertThat(problems(NONE, Map.of("API_PORT", "tcp://10.0.0.1:80"), null))
        .singleElement()
        .asString()
        .contains("enableServiceLinks: false");
  }

  @Test
  void aValueCannotForgeALineOfTheMessage() {
    assertThat(
            problems(Map.of("api.port", "1\nall is well\u001b[2J" + "x".repeat(500)), NONE, null))
        .singleElement()
        .asString()
        .contains("'1\\nall is well\\u001b[2J")
        .doesNotContain("\n", "\u001b")
        .hasSizeLessThan(250);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "guest",
        "GUEST",
        "admin:admin",
        "your-secret-token",
        "YOUR_SECRET_TOKEN",
        "fifteen-letters",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "1234567890123456",
        "abcdefghijklmnopqrstuvwxyz",
        "zyxwvutsrqponmlkjihgfedcba",
        "qwertyuiopasdfghjkl",
        "passwordpassword",
        "Passw0rd!Passw0rd!",
        "penstock-secret-key",
        "changemechangeme",
        "my-api-key-for-penstock-123"
      })
  void aWeakTokenIsRefusedOutsideLoopbackAndNeverShown(String token) {
    for (String host : List.of("0.0.0.0", "::", "192.168.1.5", "penstock.example")) {
      assertThat(problems(Map.of("api.host", host), Map.of("AUTH_TOKEN", token), null))
          .singleElement()
          .asString()
          .startsWith("auth.token (environment variable AUTH_TOKEN): must be at least 16")
          .doesNotContain(token);
    }
    for (String host : List.of("127.0.0.1", "127.1.2.3", "::1", "localhost")) {
      assertThat(load(Map.of("api.host", host), Map.of("AUTH_TOKEN", token), null).auth().token())
          .contains(token);
    }
  }

  @Test
  void outsideLoopbackALongTokenOrNoneIsFine() {
    Map<String, String> open = Map.of("api.host", "0.0.0.0");

    assertThat(load(open, Map.of("AUTH_TOKEN", "k7Q2-v9fXw!m4Zp0"), null)).isNotNull();
    assertThat(load(open, NONE, null).auth().token()).isEmpty();
  }

  @Test
  void aWrongTokenIsNeverShown() throws IOException {
    Path file =
        yaml(
            """
            auth:
              token: hunter2 hunter2
              tokn: hunter2
            auht: hunter2
            api: hunter2
            """);

    assertThat(problems(NONE, NONE, file))
        .hasSize(4)
        .allSatisfy(problem -> assertThat(problem).doesNotContain("hunter2"));
  }

  @Test
  void anUnknownKeyIsRefusedWithTheNearestOne() throws IOException {
    Path file =
        yaml(
            """
            api:
              prot: 8000
            task.max-attemps: 3
            lease:
              duration:
                seconds: 30
            api.host: [a, b]
            http: 5
            """);

    assertThat(problems(Map.of("store.max-byte", "1GiB"), NONE, file))
        .containsExactlyInAnyOrder(
            "'api.prot' (" + file + ", line 2): no such key; the nearest is api.port",
            "'task.max-attemps' ("
                + file
                + ", line 3): no such key; the nearest is"
                + " task.max-attempts",
            "'lease.duration.seconds' ("
                + file
                + ", line 6): no such key; the nearest is"
                + " lease.duration",
            file + ", line 7: 'api.host' must be one value, not a list",
            "http (" + file + ", line 8): a section, which has keys and no value of its own",
            "'store.max-byte' (command line): no such key; the nearest is store.max-bytes");
  }

  @Test
  void aKeyThatIsLikeNoOtherIsNotTakenForOne() {
    assertThat(problems(Map.of("foo", "1"), NONE, null))
        .containsExactly("'foo' (command line): no such key");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing\n", "---\n", "api:\n", "api:\n  # port: 1\ntask: {}\n"})
  void aFileMaySayNothing(String text) throws IOException {
    assertThat(load(NONE, NONE, yaml(text)).api().port()).isEqualTo(8000);
  }

  @Test
  void aKeyMayBeWrittenWithDotsAndItsValueIsTakenAsText() throws IOException {
    Path file = yaml("api.port: 010\nauth: {token: 1234567890123456789012}\n");

    Settings settings = load(NONE, NONE, file);

    assertThat(settings.api().port()).isEqualTo(10);
    assertThat(settings.auth().token()).contains("1234567890123456789012");
  }

  @Test
  void aKeyWithoutAValueIsRefusedWhereOneIsNeeded() throws IOException {
    assertThat(problems(NONE, NONE, yaml("api:\n  port:\nmodels:\n  file:\n")))
        .singleElement()
        .asString()
        .startsWith("api.port = ''");
  }

  @Test
  void aMissingFileIsToldByName() {
    Path file = dir.resolve("none.yaml");

    assertThat(problems(NONE, NONE, file)).containsExactly(file + ": no such file");
  }

  @Test
  void listsMayBeYamlListsOrTextWithCommas() throws IOException {
    Path file =
        yaml(
            """
            roles: [HTTP, inference]
            model: {type: [embedding, ping], key: "a, b"}
            cluster:
              members:
                - fd00::7
                - node:5701
            redis: {sentinels: [s1, "s2:26379"]}
            """);

    Settings settings = load(NONE, Map.of("MODEL_KEY", "c , d"), file);

    assertThat(settings.roles()).containsExactly(Settings.Role.HTTP, Settings.Role.INFERENCE);
    assertThat(settings.model().type()).contains(List.of("embedding", "ping"));
    assertThat(settings.model().key()).contains(List.of("c", "d"));
    assertThat(settings.cluster().members()).contains(List.of("fd00::7", "node:5701"));
    assertThat(settings.redis().sentinels()).contains(List.of("s1", "s2:26379"));
    assertThat(load(Map.of("model.type", ""), NONE, file).model().type()).isEmpty();
    assertThat(problems(NONE, NONE, yaml("model.type: [embedding, 'a b']\n")))
        .singleElement()
        .asString()
        .endsWith(
            "line 1): must be the name of a task type, or several with commas between them, or empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"auth.token", "redis.password", "rabbitmq.password"})
  void aSecretIsTheFirstLineOfItsFileWhereOneIsNamed(String key) throws IOException {
    Path file = Files.writeString(dir.resolve("secret"), "open-sesame-open  \r\nmore\n");

    Settings settings =
        load(Map.of(key + "-file", file.toString(), key, "another-secret-text"), NONE, null);

    assertThat(
            List.of(
                settings.auth().token().orElse(""),
                settings.redis().password().orElse(""),
                settings.rabbitmq().password()))
        .contains("open-sesame-open")
        .doesNotContain("another-secret-text");
    assertThat(
            load(NONE, Map.of("AUTH_TOKEN_FILE", file.toString(), "AUTH_TOKEN", "x"), null)
                .auth()
                .token())
        .contains("open-sesame-open");
  }

  @Test
  void aSecretsFileMustBeThereAndHaveALine() throws IOException {
    Path empty = Files.writeString(dir.resolve("empty"), "\nhunter2\n");
    Path none = dir.resolve("none");

    assertThat(
            problems(
                Map.of("auth.token-file", none.toString()),
                Map.of(
                    "REDIS_PASSWORD_FILE", empty.toString(),
                    "RABBITMQ_PASSWORD_FILE", dir.toString()),
                yaml("rabbitmq.uri-file: ' '\n")))
        .satisfiesExactlyInAnyOrder(
            line ->
                assertThat(line)
                    .isEqualTo(
                        "auth.token-file = '%s' (command line): there is no such file", none),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "redis.password-file = '%s' (environment variable REDIS_PASSWORD_FILE): its"
                            + " first line is empty",
                        empty),
            line ->
                assertThat(line)
                    .startsWith("rabbitmq.password-file = '" + dir + "' (environment variable ")
                    .contains("): cannot be read: "),
            line -> assertThat(line).startsWith("rabbitmq.uri-file = ' ' ("));
  }

  @Test
  void aSecretFromAFileIsCheckedAsAnyOtherAndNotShown() throws IOException {
    Path file = Files.writeString(dir.resolve("secret"), "guest");

    assertThat(
            problems(Map.of("api.host", "0.0.0.0", "auth.token-file", file.toString()), NONE, null))
        .singleElement()
        .asString()
        .startsWith("auth.token (file " + file + "): must be at least 16")
        .doesNotContain("guest");
    Files.writeString(file, "two words");
    assertThat(problems(Map.of("auth.token-file", file.toString()), NONE, null))
        .containsExactly(
            "auth.token (file %s): must be 1 to 512 visible ASCII characters without spaces, or empty"
                .formatted(file));
  }

  private Path yaml(String text) throws IOException {
    return Files.writeString(dir.resolve("conf.yaml"), text);
  }

  private static List<String> problems(
      Map<String, String> commandLine, Map<String, String> environment, @Nullable Path file) {
    BadSettings refusal =
        catchThrowableOfType(BadSettings.class, () -> load(commandLine, environment, file));
    assertThat(refusal).as("a refusal").isNotNull();
    assertThat(refusal).hasMessageContaining(refusal.problems().getFirst());
    return refusal.problems();
  }

  private static Settings load(
      Map<String, String> commandLine, Map<String, String> environment, @Nullable Path file) {
    return SettingGroups.load(commandLine, environment, file).settings();
  }

  /** A setting that a task type declares. */
  private static String model(Map<String, String> environment) {
    return SettingGroups.load(NONE, environment, null).group(EmbeddingSettings.class).model();
  }
}
