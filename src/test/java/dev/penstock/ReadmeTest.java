package dev.penstock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.start.ServeCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the README says, held against what is there. */
final class ReadmeTest {
  private static final Path README = Path.of("README.md");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern MAKE =
      Pattern.compile("(?:`|^ {4}|&& )make ([a-z]+)", Pattern.MULTILINE);

  private static String readme() throws IOException {
    return Files.readString(README);
  }

  private static Stream<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map((MatchResult result) -> result.group(1));
  }

  @Test
  void everyTargetOfMakeThatItNamesIsThere() throws Exception {
    String makefile = Files.readString(Path.of("Makefile"));
    List<String> targets = found(MAKE, readme()).distinct().toList();
    assertThat(targets).contains("run", "test", "deps");
    for (String target : targets) {
      assertThat(makefile).containsPattern("(?m)^" + target + ":");
    }
  }

  @Test
  void theOptionsItNamesAreThoseOfTheCommandLine() throws Exception {
    String readme = readme();
    new picocli.CommandLine(new ServeCommand())
        .getCommandSpec()
        .options()
        .forEach(option -> assertThat(readme).contains(option.longestName()));
  }

  @Test
  void everyRelativeLinkLeadsSomewhere() throws Exception {
    List<Path> pages;
    try (Stream<Path> docs = Files.walk(Path.of("docs"))) {
      pages =
          Stream.concat(
                  Stream.of(README, Path.of("CONTRIBUTING.md"), Path.of("CHANGELOG.md")),
                  docs.filter(path -> path.toString().endsWith(".md")))
              .toList();
    }
    for (Path page : pages) {
      for (String link : found(LINK, Files.readString(page)).toList()) {
        if (!link.matches("[a-z]+:.*")) {
          assertLeadsSomewhere(page, link);
        }
      }
    }
  }

  private static void assertLeadsSomewhere(Path page, String link) throws IOException {
    int hash = link.indexOf('#');
    String file = hash < 0 ? link : link.substring(0, hash);
    Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
    assertThat(target).as("%s links to %s", page, link).exists();
    if (hash >= 0 && target.toString().endsWith(".md")) {
      assertThat(anchors(Files.readString(target)))
          .as("%s links to %s", page, link)
          .contains(link.substring(hash + 1));
    }
  }

  /** The headings' anchors, as GitHub makes them. */
  private static List<String> anchors(String text) {
    return text.lines()
        .filter(line -> line.matches("#{1,6} .*"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(line -> line.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .collect(Collectors.toList());
  }
}
