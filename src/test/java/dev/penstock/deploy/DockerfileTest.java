package dev.penstock.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The image's recipe, held against the build and the program. No engine runs it here. */
final class DockerfileTest {
  private static final Pattern FROM = Pattern.compile("FROM (\\S+) AS (\\S+)");
  private static final Pattern PINNED =
      Pattern.compile("[a-z/-]+:\\d+\\.\\d+\\.\\d+[A-Za-z0-9._-]*");

  /** One instruction a line: continued lines joined, comments left out. */
  private static List<String> instructions() throws IOException {
    String text = Files.readString(Path.of("Dockerfile"));
    return text.replaceAll("(?m)^#.*\n", "")
        .replaceAll("\\\\\n\\s*", " ")
        .lines()
        .filter(line -> !line.isBlank())
        .toList();
  }

  private static List<String> of(String keyword) throws IOException {
    return instructions().stream().filter(line -> line.startsWith(keyword + " ")).toList();
  }

  @Test
  void everyStageIsAPinnedImageOrAnEarlierStage() throws Exception {
    Set<String> stages = new HashSet<>();
    for (String line : of("FROM")) {
      var from = FROM.matcher(line);
      assertThat(from.matches()).as(line).isTrue();
      String image = from.group(1);
      if (image.contains("${GPU}")) {
        for (String gpu : List.of("0", "1")) {
          assertThat(stages).contains(image.replace("${GPU}", gpu));
        }
      } else {
        assertThat(image).matches(PINNED);
      }
      stages.add(from.group(2));
    }
    assertThat(stages).containsExactlyInAnyOrder("build", "base-0", "base-1", "runtime");
    assertThat(instructions().getFirst()).isEqualTo("ARG GPU=0");
  }

  @Test
  void whatIsCopiedIsThereAndReachesTheEngine() throws Exception {
    List<String> ignore = Files.readAllLines(Path.of(".dockerignore"));
    assertThat(ignore).contains("*");
    for (String line : of("COPY")) {
      if (!line.contains("--from=")) {
        List<String> words =
            Pattern.compile(" ")
                .splitAsStream(line)
                .skip(1)
                .filter(word -> !word.startsWith("--"))
                .toList();
        for (String source : words.subList(0, words.size() - 1)) {
          assertThat(Path.of(source)).exists();
          assertThat(ignore)
              .as("%s is let through", source)
              .anyMatch(
                  rule -> rule.startsWith("!") && Path.of(source).startsWith(rule.substring(1)));
        }
      }
    }
    assertThat(of("COPY"))
        .contains("COPY --from=build /build/target/penstock.jar /app/penstock.jar");
  }

  @Test
  void theBuildKnowsTheProfileAndTheVersions() throws Exception {
    String pom = Files.readString(Path.of("pom.xml"));
    assertThat(of("RUN")).anyMatch(line -> line.contains("-Pgpu") && line.contains("package"));
    assertThat(pom).contains("<id>gpu</id>");
    String version =
        pom.replaceFirst("(?s).*?<artifactId>penstock</artifactId>\\s*<version>([^<]+).*", "$1");
    assertThat(of("LABEL")).anyMatch(line -> line.contains("image.version=\"" + version + "\""));
    String java = pom.replaceFirst("(?s).*<maven.compiler.release>(\\d+)<.*", "$1");
    assertThat(of("FROM").stream().filter(line -> line.contains("temurin")))
        .hasSize(2)
        .allMatch(line -> line.matches(".*temurin[:-]" + java + "\\b.*"));
  }

  @Test
  void itsVariablesAreSettingsAndItsPortIsTheUsualOne() throws Exception {
    String set = of("ENV").getLast();
    List<String> names =
        Pattern.compile("([A-Z_]+)=").matcher(set).results().map(found -> found.group(1)).toList();
    assertThat(names).contains("API_HOST", "DATA_DIR").isSubsetOf(Deployment.known());
    String port = Deployment.standard("api.port");
    assertThat(set).contains("API_PORT=" + port, "API_HOST=0.0.0.0", "DATA_DIR=/data");
    assertThat(of("EXPOSE")).containsExactly("EXPOSE " + port);
  }

  @Test
  void itRunsAsNobodyInParticularAndJavaGetsTheSignals() throws Exception {
    assertThat(of("USER")).containsExactly("USER 10001:10001");
    assertThat(of("ENTRYPOINT")).containsExactly("ENTRYPOINT [\"penstock\"]");
    assertThat(of("HEALTHCHECK")).singleElement().asString().endsWith("CMD [\"healthy\"]");
    for (String script : List.of("penstock", "healthy")) {
      assertThat(Path.of("deploy/container", script)).isExecutable();
    }
    String last = Files.readString(Path.of("deploy/container/penstock"));
    assertThat(last).containsPattern("(?m)^exec java .*\\\\\\n  -jar .*\"\\$@\"\\n\\z");
  }
}
