package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The list of what the program is made of, which the build writes beside its jar. */
final class SbomIT {
  private static final Path SBOM =
      Path.of(System.getProperty("penstock.jar")).resolveSibling("penstock-sbom.json");
  private static final Path LEAST = Path.of("src/test/least-versions.txt");
  private static final Pattern PART = Pattern.compile("[.-]");

  /** Versions by group and artifact. */
  private static Map<String, String> components() throws IOException {
    Map<String, String> components = new TreeMap<>();
    for (JsonNode each : new ObjectMapper().readTree(SBOM.toFile()).path("components")) {
      components.put(
          each.path("group").asText() + ":" + each.path("name").asText(),
          each.path("version").asText());
    }
    return components;
  }

  /** Below 0: the first is older. Numbers are compared, and words are not. */
  private static int compare(String one, String other) {
    String[] ours = PART.split(one, -1);
    String[] theirs = PART.split(other, -1);
    for (int i = 0; i < Math.min(ours.length, theirs.length); i++) {
      boolean numbers = ours[i].matches("\\d{1,9}") && theirs[i].matches("\\d{1,9}");
      int order =
          numbers ? Integer.compare(Integer.parseInt(ours[i]), Integer.parseInt(theirs[i])) : 0;
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  @Test
  void itNamesWhatIsInTheJarAndNothingThatIsThereForTestsAlone() throws Exception {
    Map<String, String> components = components();
    assertThat(components)
        .containsKeys(
            "io.vertx:vertx-core",
            "io.netty:netty-codec-http",
            "com.rabbitmq:amqp-client",
            "org.xerial:sqlite-jdbc",
            "ai.djl.huggingface:tokenizers",
            "com.hazelcast:hazelcast")
        .doesNotContainKeys("org.junit.jupiter:junit-jupiter", "org.assertj:assertj-core");
    assertThat(components.values()).noneMatch(String::isBlank);
  }

  @Test
  void nothingIsOlderThanTheVersionsInWhichFaultsAreMended() throws Exception {
    Map<String, String> components = components();
    List<String> old = new ArrayList<>();
    try (Stream<String> lines = Files.lines(LEAST)) {
      for (String line : lines.filter(each -> !each.startsWith("#")).toList()) {
        String[] words = line.split(" ", 2);
        Pattern meant = Pattern.compile(words[0].replace(".", "\\.").replace("*", ".*"));
        List<Map.Entry<String, String>> found =
            components.entrySet().stream()
                .filter(each -> meant.matcher(each.getKey()).matches())
                .toList();
        assertThat(found).as("what %s means", words[0]).isNotEmpty();
        found.stream()
            .filter(each -> compare(each.getValue(), words[1]) < 0)
            .forEach(each -> old.add(each + ", and there is " + words[1]));
      }
    }
    assertThat(old).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "4.2.9.Final, 4.2.18.Final",
    "4.1.130.Final, 4.2.18.Final",
    "2.9.10.8, 2.18.10",
    "5.0.9, 5.0.10"
  })
  void anOlderVersionIsSeenAsOne(String older, String newer) {
    assertThat(compare(older, newer)).isNegative();
    assertThat(compare(newer, older)).isPositive();
    assertThat(compare(newer, newer)).isZero();
  }
}
