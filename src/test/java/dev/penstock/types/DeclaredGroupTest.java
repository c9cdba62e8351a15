package dev.penstock.types;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.penstock.config.BadSettings;
import dev.penstock.config.Setting;
import dev.penstock.config.SettingKey;
import dev.penstock.config.SettingsLoader;
import io.smallrye.config.ConfigMapping;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DeclaredGroupTest {
  private static final Map<String, String> NONE = Map.of();
  private static final String FIELDS =
      "there are trial.limits.a.levels, trial.limits.a.max-tasks, trial.limits.a.password,"
          + " trial.limits.a.password-file";

  @TempDir Path dir;

  @Test
  void aGroupIsReadBesideTheProgramsOwnSettings() {
    var loaded =
        SettingsLoader.load(
            List.of(DeclaredGroup.class),
            Map.of("trial.timeout", "7s", "api.port", "1"),
            NONE,
            null);

    assertThat(loaded.group(DeclaredGroup.class).timeout()).isEqualTo(Duration.ofSeconds(7));
    assertThat(loaded.group(DeclaredGroup.class).days()).containsExactly("MON", "TUE");
    assertThat(loaded.group(DeclaredGroup.class).limits()).isEmpty();
    assertThat(loaded.settings().api().port()).isEqualTo(1);
    assertThat(problems(Map.of("trial.timeout", "2m"), NONE, null))
        .containsExactly(
            "trial.timeout = '2m' (command line): must be a time from 1s to 1m, written like"
                + " 500ms, 30s, 10m, 2h or 7d");
  }

  @Test
  void aGroupIsListedAndAnUnknownOneRefused() {
    assertThat(SettingsLoader.keys(List.of(DeclaredGroup.class)))
        .filteredOn(key -> key.key().startsWith("trial."))
        .extracting(SettingKey::key, SettingKey::variable)
        .extracting(Object::toString)
        .containsExactly(
            "(\"trial.days\", \"TRIAL_DAYS\")",
            "(\"trial.timeout\", \"TRIAL_TIMEOUT\")",
            "(\"trial.limits.<name>.levels\", \"TRIAL_LIMITS_<NAME>_LEVELS\")",
            "(\"trial.limits.<name>.max-tasks\", \"TRIAL_LIMITS_<NAME>_MAX_TASKS\")",
            "(\"trial.limits.<name>.password\", \"TRIAL_LIMITS_<NAME>_PASSWORD\")",
            "(\"trial.limits.<name>.password-file\", \"TRIAL_LIMITS_<NAME>_PASSWORD_FILE\")");
    assertThatThrownBy(
            () -> SettingsLoader.load(List.of(), Map.of("trial.timeout", "7s"), NONE, null))
        .isInstanceOf(BadSettings.class)
        .hasMessageStartingWith("'trial.timeout' (command line): no such key");
  }

  @Test
  void aHigherSourceReplacesAListAsAWhole() throws IOException {
    Path file = yaml("trial:\n  days: [WED, THU, FRI]\n");

    assertThat(load(NONE, NONE, file).days()).containsExactly("WED", "THU", "FRI");
    assertThat(load(NONE, Map.of("TRIAL_DAYS", "SAT , SUN"), file).days())
        .containsExactly("SAT", "SUN");
    assertThat(load(Map.of("trial.days", "MON"), Map.of("TRIAL_DAYS", "SAT,SUN"), file).days())
        .containsExactly("MON");
    assertThat(load(NONE, NONE, yaml("trial.days: WED, THU\n")).days())
        .containsExactly("WED", "THU");
  }

  @Test
  void aHigherSourceReplacesAMapFieldByField() throws IOException {
    Path file =
        yaml(
            """
            trial:
              limits:
                a:
                  max-tasks: 1
                  levels: [1, 2]
                b-2: {max-tasks: 2}
            """);

    Map<String, DeclaredGroup.Limit> limits =
        load(
                Map.of("trial.limits.a.max-tasks", "3", "trial.limits.d.levels", "4"),
                Map.of(
                    "TRIAL_LIMITS_A_MAX_TASKS", "5",
                    "TRIAL_LIMITS_B_2_LEVELS", "6,7",
                    "TRIAL_LIMITS_C_MAX_TASKS", "8",
                    "TRIAL_LIMITS_E_MAX_TASKS", ""),
                file)
            .limits();

    assertThat(limits).containsOnlyKeys("a", "b-2", "c", "d");
    assertThat(limit(limits, "a").maxTasks()).isEqualTo(3);
    assertThat(limit(limits, "a").levels()).contains(List.of(1, 2));
    assertThat(limit(limits, "b-2").maxTasks()).isEqualTo(2);
    assertThat(limit(limits, "b-2").levels()).contains(List.of(6, 7));
    assertThat(limit(limits, "c").maxTasks()).isEqualTo(8);
    assertThat(limit(limits, "d").maxTasks()).isEqualTo(10);
    assertThat(limit(limits, "d").levels()).contains(List.of(4));
  }

  @Test
  void theKeyOfAMapsFieldMayBeWrittenWithDots() throws IOException {
    assertThat(limit(load(NONE, NONE, yaml("trial.limits.a.max-tasks: 7\n")).limits(), "a"))
        .extracting(DeclaredGroup.Limit::maxTasks)
        .isEqualTo(7);
    assertThat(load(NONE, NONE, yaml("trial:\n  limits:\n")).limits()).isEmpty();
  }

  @Test
  void everyMistakeInAMapIsToldWithItsPlace() throws IOException {
    Path file =
        yaml(
            """
            trial:
              limits:
                a:
                  max-taks: 1
                  max-tasks: many
                b:
                c: 5
                d: {levels: {x: 1}, max-tasks: [1]}
                "": {max-tasks: 1}
                e: [1]
                f: {levels: [1, 10]}
                f.levels: 3
                g: {max-tasks: {}}
            """);

    assertThat(problems(Map.of("trial.limits.a.max", "1"), NONE, file))
        .satisfiesExactlyInAnyOrder(
            line ->
                assertThat(line)
                    .isEqualTo(
                        "'trial.limits.a.max-taks' (%s, line 4): no such key; the nearest is"
                                .formatted(file)
                            + " trial.limits.a.max-tasks; "
                            + FIELDS),
            line ->
                assertThat(line)
                    .isEqualTo(
                        "trial.limits.a.max-tasks = 'many' (%s, line 5): must be a whole number"
                                .formatted(file)
                            + " from 0 to 100"),
            line -> assertThat(line).startsWith("'trial.limits.b' (" + file + ", line 6): no such"),
            line ->
                assertThat(line)
                    .startsWith("trial.limits.c (" + file + ", line 7): a section, which has keys"),
            line -> assertThat(line).startsWith("'trial.limits.d.levels.x' ("),
            line ->
                assertThat(line)
                    .isEqualTo(
                        file
                            + ", line 8: 'trial.limits.d.max-tasks' must be one value, not a list"),
            line ->
                assertThat(line).startsWith("'trial.limits..max-tasks' (").contains("the name ''"),
            line -> assertThat(line).startsWith("trial.limits.e (").contains("a section"),
            line ->
                assertThat(line)
                    .startsWith("trial.limits.f.levels = '1,10' (" + file + ", line 11): must be"),
            line -> assertThat(line).contains("'trial.limits.f.levels' is there twice"),
            line ->
                assertThat(line)
                    .isEqualTo(
                        file
                            + ", line 13: 'trial.limits.g.max-tasks' must be one value, not a"
                            + " section"),
            line ->
                assertThat(line)
                    .startsWith("'trial.limits.a.max' (command line): no such key")
                    .endsWith(FIELDS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "a_b", "a--b", "-a", "a-", "ä", "a b", "<name>", "\"a/b\""})
  void aNameThatAVariableCouldNotTellIsRefused(String name) throws IOException {
    assertThat(problems(NONE, NONE, yaml("trial:\n  limits:\n    " + name + ": {max-tasks: 1}\n")))
        .singleElement()
        .asString()
        .contains("line 3): the name '", "must be of a to z and digits, with single - between");
  }

  @ParameterizedTest
  @CsvSource({
    "TRIAL_LIMITS_A_RATE",
    "TRIAL_LIMITS_MAX_TASKS",
    "TRIAL_LIMITS__MAX_TASKS",
    "TRIAL_LIMITS_A__B_MAX_TASKS",
    "TRIAL_LIMITS_a_MAX_TASKS",
    "TRIAL_LIMITS_A-B_MAX_TASKS",
    "TRIAL_LIMITS_",
  })
  void aVariableOfAMapThatMeansNoFieldIsRefused(String variable) {
    assertThat(problems(NONE, Map.of(variable, "1"), null))
        .containsExactly(
            "environment variable "
                + variable
                + ": must be one of TRIAL_LIMITS_<NAME>_LEVELS, TRIAL_LIMITS_<NAME>_MAX_TASKS,"
                + " TRIAL_LIMITS_<NAME>_PASSWORD, TRIAL_LIMITS_<NAME>_PASSWORD_FILE, with a name"
                + " of A to Z and digits, and single _ between them");
  }

  @Test
  void aWrongValueInAVariableOfAMapIsToldWithTheVariable() {
    assertThat(problems(NONE, Map.of("TRIAL_LIMITS_A_B_MAX_TASKS", "x"), null))
        .containsExactly(
            "trial.limits.a-b.max-tasks = 'x' (environment variable TRIAL_LIMITS_A_B_MAX_TASKS):"
                + " must be a whole number from 0 to 100");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "['']", "[MON, ]", "['MON,TUE']", "[[MON]]", "[{a: 1}]", "{a: 1}"})
  void aListMustHaveValuesAsItemsAndOneAtLeastWhereItHasADefault(String list) throws IOException {
    if (list.equals("[MON, ]")) { // a comma at the end is YAML's
      assertThat(load(NONE, NONE, yaml("trial.days: " + list)).days()).containsExactly("MON");
    } else {
      assertThat(problems(NONE, NONE, yaml("trial.days: " + list)))
          .singleElement()
          .asString()
          .contains("trial.days");
    }
  }

  @Test
  void aSecretInAMapComesFromAFileTooAndIsNotShown() throws IOException {
    Path secret = Files.writeString(dir.resolve("secret"), "sesame\n");
    Path wrong = Files.writeString(dir.resolve("wrong"), "OPEN SESAME\n");

    assertThat(
            limit(
                    load(
                            Map.of("trial.limits.a.password", "other"),
                            Map.of("TRIAL_LIMITS_A_PASSWORD_FILE", secret.toString()),
                            null)
                        .limits(),
                    "a")
                .password())
        .contains("sesame");
    assertThat(problems(Map.of("trial.limits.a.password-file", wrong.toString()), NONE, null))
        .containsExactly("trial.limits.a.password (file " + wrong + "): must be a to z, or empty");
    assertThat(problems(Map.of("trial.limits.a.password", "OPEN"), NONE, null))
        .containsExactly("trial.limits.a.password (command line): must be a to z, or empty");
  }

  @Test
  void aWrongDeclarationIsRefused() {
    Map<Class<?>, String> wrong =
        Map.of(
            WithoutPrefix.class, "has no @ConfigMapping",
            NotASetting.class, "is no setting",
            TwoMeanings.class, "its variable has two meanings",
            WrongDefault.class, "x.any: its default is not allowed",
            NoRange.class, "does not say what it allows",
            DefaultOfOptional.class, "x.any: its default makes it never empty",
            OneFieldEndsAnother.class, "ends in max-tasks also ends in tasks",
            AKeyInAMap.class, "x.map-b is in the way of the map x.map",
            AMapInAMap.class, "x.map.<name>.map: a map in a map",
            SameAsTheProgram.class, "api.port is declared twice");
    assertThatThrownBy(() -> SettingsLoader.keys(List.of(NothingByDefault.class)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("x.any: has no default and is not Optional");
    wrong.forEach((group, why) ->
        assertThatThrownBy(() -> SettingsLoader.keys(List.of(group)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(why));
  }

  @ConfigMapping(prefix = "x")
  interface NothingByDefault {
    @Setting(value = "Any.", range = "1 to 2")
    int any();
  }

  interface WithoutPrefix {
    @Setting(value = "Any.", range = "1 to 2", standard = "1")
    int any();
  }

  @ConfigMapping(prefix = "x")
  interface NotASetting {
    int any();
  }

  @ConfigMapping(prefix = "x")
  interface TwoMeanings {
    A a();

    @Setting(value = "Any.", range = "1 to 2", standard = "1")
    int aB();

    interface A {
      @Setting(value = "Any.", range = "1 to 2", standard = "1")
      int b();
    }
  }

  @ConfigMapping(prefix = "x")
  interface WrongDefault {
    @Setting(value = "Any.", range = "1 to 2", standard = "3")
    int any();
  }

  @ConfigMapping(prefix = "x")
  interface NoRange {
    @Setting(value = "Any.", standard = "3")
    int any();
  }

  @ConfigMapping(prefix = "x")
  interface DefaultOfOptional {
    @Setting(value = "Any.", range = "1 to 2", standard = "1")
    Optional<Integer> any();
  }

  @ConfigMapping(prefix = "x")
  interface OneFieldEndsAnother {
    Map<String, Fields> map();

    interface Fields {
      @Setting(value = "Any.", range = "1 to 2", standard = "1")
      int tasks();

      @Setting(value = "Any.", range = "1 to 2", standard = "1")
      int maxTasks();
    }
  }

  @ConfigMapping(prefix = "x")
  interface AKeyInAMap {
    Map<String, TwoMeanings.A> map();

    @Setting(value = "Any.", range = "1 to 2", standard = "1")
    int mapB();
  }

  @ConfigMapping(prefix = "x")
  interface AMapInAMap {
    Map<String, Inner> map();

    interface Inner {
      Map<String, TwoMeanings.A> map();
    }
  }

  @ConfigMapping(prefix = "api")
  interface SameAsTheProgram {
    @Setting(value = "Any.", range = "1 to 2", standard = "1")
    int port();
  }

  private static DeclaredGroup.Limit limit(Map<String, DeclaredGroup.Limit> limits, String name) {
    return Objects.requireNonNull(limits.get(name), name);
  }

  private Path yaml(String text) throws IOException {
    return Files.writeString(dir.resolve("conf.yaml"), text);
  }

  private static DeclaredGroup load(
      Map<String, String> commandLine, Map<String, String> environment, @Nullable Path file) {
    return SettingsLoader.load(List.of(DeclaredGroup.class), commandLine, environment, file)
        .group(DeclaredGroup.class);
  }

  private static List<String> problems(
      Map<String, String> commandLine, Map<String, String> environment, @Nullable Path file) {
    BadSettings refusal =
        catchThrowableOfType(BadSettings.class, () -> load(commandLine, environment, file));
    assertThat(refusal).as("a refusal").isNotNull();
    return refusal.problems();
  }
}
