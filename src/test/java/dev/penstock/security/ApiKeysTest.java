package dev.penstock.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.config.BadSettings;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import dev.penstock.core.Scope;
import dev.penstock.storage.KeyStore;
import dev.penstock.storage.Storage;
import dev.penstock.storage.sqlite.SqliteDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ApiKeysTest {
  private static final String TOKEN = "a-token:of-our-own";

  @TempDir Path temp;

  @SuppressWarnings("NullAway.Init") // Opened before each test.
  private SqliteDatabase database;

  @SuppressWarnings("NullAway.Init")
  private KeyStore store;

  @BeforeEach
  void openStore() {
    database = SqliteDatabase.open(temp.resolve("store/penstock.db"));
    store = Storage.in(database, InstantSource.system()).keys();
  }

  @AfterEach
  void closeStore() {
    database.close();
  }

  @Test
  void theFirstStartGeneratesAKeyThatOnlyTheOwnerCanRead() throws IOException {
    ApiKeys keys = ApiKeys.open(settings(null), store);

    String key = keys.newlyGenerated().orElseThrow();
    assertThat(key).matches("sk-penstock-[A-Za-z0-9_-]{43}");
    Path file = keys.keyFile().orElseThrow();
    assertThat(file).isEqualTo(data().resolve("api-key")).hasContent(key + "\n");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data())))
        .isEqualTo("rwx------");
    assertThat(keys.authenticate("Bearer " + key))
        .contains(new Caller("default", "api-key", EnumSet.allOf(Scope.class)));
    try (var files = Files.list(data())) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void theKeyIsShownOnce() {
    ApiKeys keys = ApiKeys.open(settings(null), store);

    assertThat(keys.newlyGenerated()).isPresent();
    assertThat(keys.newlyGenerated()).isEmpty();
  }

  @Test
  void laterStartsReadTheKeyAndDoNotShowIt() {
    String key = ApiKeys.open(settings(null), store).newlyGenerated().orElseThrow();

    ApiKeys later = ApiKeys.open(settings(null), store);

    assertThat(later.newlyGenerated()).isEmpty();
    assertThat(later.keyFile()).contains(data().resolve("api-key"));
    assertThat(later.authenticate("Bearer " + key)).isPresent();
  }

  @Test
  void twoDataFoldersHaveTwoKeys() {
    String one = ApiKeys.open(settings(null), store).newlyGenerated().orElseThrow();
    Settings elsewhere =
        SettingsLoader.load(
                List.of(),
                Map.of("data.dir", temp.resolve("deep/er/other").toString()),
                Map.of(),
                null)
            .settings();

    assertThat(ApiKeys.open(elsewhere, store).authenticate("Bearer " + one)).isEmpty();
  }

  @Test
  void anUnfinishedKeyOfAStartThatDiedIsReplaced() throws IOException {
    Files.createDirectories(data());
    Files.writeString(data().resolve("api-key.new"), "sk-pen");

    assertThat(ApiKeys.open(settings(null), store).newlyGenerated()).isPresent();
    assertThat(data().resolve("api-key.new")).doesNotExist();
  }

  @Test
  void aKeyFileOthersCanReadStillWorks() throws IOException {
    String key = ApiKeys.open(settings(null), store).newlyGenerated().orElseThrow();
    Files.setPosixFilePermissions(
        data().resolve("api-key"), PosixFilePermissions.fromString("rw-r--r--"));

    assertThat(ApiKeys.open(settings(null), store).authenticate("Bearer " + key)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "short",
        "two keys on-a-line-of-their-own",
        "line-one-is-long\nline-two"
      })
  void aKeyFileWithoutAKeyStopsTheStart(String content) throws IOException {
    Files.createDirectories(data());
    Files.writeString(data().resolve("api-key"), content);

    assertThatThrownBy(() -> ApiKeys.open(settings(null), store))
        .isInstanceOf(BadSettings.class)
        .hasMessageContaining("api-key: must hold one key");
    assertThat(data().resolve("api-key")).hasContent(content);
  }

  @Test
  void aDataFolderThatCannotBeMadeStopsTheStart() throws IOException {
    Files.writeString(data(), "a file");

    assertThatThrownBy(() -> ApiKeys.open(settings(null), store))
        .isInstanceOf(BadSettings.class)
        .hasMessageContaining(data().toString());
  }

  @Test
  void aTokenThatIsSetIsTheOnlyKeyAndNothingIsWritten() {
    ApiKeys keys = ApiKeys.open(settings(TOKEN), store);

    assertThat(keys.authenticate("Bearer " + TOKEN))
        .contains(new Caller("default", "auth.token", EnumSet.allOf(Scope.class)));
    assertThat(keys.newlyGenerated()).isEmpty();
    assertThat(keys.keyFile()).isEmpty();
    assertThat(data()).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bearer ", "bearer ", "BEARER ", "Bearer   "})
  void theSchemesCaseDoesNotMatter(String scheme) {
    assertThat(ApiKeys.open(settings(TOKEN), store).authenticate(scheme + TOKEN)).isPresent();
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Bearer x",
        TOKEN,
        "Bearer" + TOKEN,
        "Bearer " + TOKEN + "x",
        "Bearer " + TOKEN + " x",
        "Bearer A-TOKEN:OF-OUR-OWN",
        "Token " + TOKEN,
        "Bearer \u0000\uffff",
      })
  void anythingElseIsNobody(@Nullable String header) {
    ApiKeys keys = ApiKeys.open(settings(TOKEN), store);

    assertThat(keys.authenticate(header)).isEmpty();
    assertThat(keys.authenticateBasic(header)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "'user:a-token:of-our-own', true",
    "':a-token:of-our-own', true",
    "'a-token:of-our-own', false",
    "'a-token:of-our-own:', false",
    "'user:', false",
    "'', false",
  })
  void basicTakesTheKeyAsPassword(String pair, boolean accepted) {
    ApiKeys keys = ApiKeys.open(settings(TOKEN), store);
    String header = "basic " + Base64.getEncoder().encodeToString(pair.getBytes(UTF_8));

    assertThat(keys.authenticateBasic(header).isPresent()).isEqualTo(accepted);
    assertThat(keys.authenticate(header)).isEmpty();
  }

  @Test
  void brokenOrHugeHeadersAreNobody() {
    ApiKeys keys = ApiKeys.open(settings(TOKEN), store);

    assertThat(keys.authenticateBasic("Basic ***")).isEmpty();
    assertThat(keys.authenticateBasic("Bearer " + TOKEN)).isEmpty();
    assertThat(keys.authenticate("Bearer " + "x".repeat(1_000_000))).isEmpty();
  }

  private Path data() {
    return temp.resolve("data");
  }

  private Settings settings(@Nullable String token) {
    return SettingsLoader.load(
            List.of(),
            Map.of("data.dir", data().toString()),
            token == null ? Map.of() : Map.of("AUTH_TOKEN", token),
            null)
        .settings();
  }
}
