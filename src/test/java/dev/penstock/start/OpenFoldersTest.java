package dev.penstock.start;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.penstock.config.Settings;
import dev.penstock.config.SettingsLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class OpenFoldersTest {
  @TempDir Path folder;

  private List<String> warnings(Map<String, Path> folders) {
    Logger logger = (Logger) LoggerFactory.getLogger(OpenFolders.class);
    var records = new ListAppender<ILoggingEvent>();
    records.start();
    logger.addAppender(records);
    try {
      Map<String, String> given =
          Map.of(
              "data.dir", folders.getOrDefault("data.dir", folder.resolve("none")).toString(),
              "plugins.dir", folders.getOrDefault("plugins.dir", folder.resolve("none")).toString(),
              "models.dir", folders.getOrDefault("models.dir", folder.resolve("none")).toString());
      Settings settings = SettingsLoader.load(List.of(), given, Map.of(), null).settings();
      OpenFolders.warn(settings);
      return records.list.stream()
          .filter(each -> each.getLevel().levelStr.equals("WARN"))
          .map(ILoggingEvent::getFormattedMessage)
          .toList();
    } finally {
      logger.detachAppender(records);
    }
  }

  private Path folder(String name, String permissions) throws Exception {
    Path made = Files.createDirectory(folder.resolve(name));
    return Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(permissions));
  }

  @Test
  void whereOthersMayWriteTheSettingAndTheWayToCloseItAreSaid() throws Exception {
    Path plugins = folder("plugins", "rwxrwxrwx");
    assertThat(warnings(Map.of("plugins.dir", plugins)))
        .singleElement()
        .asString()
        .contains("plugins.dir = " + plugins, "rwxrwxrwx", "runs code", "chmod go-w");
    Path data = folder("data", "rwx----w-");
    assertThat(warnings(Map.of("data.dir", data)))
        .singleElement()
        .asString()
        .contains("data.dir = " + data);
  }

  @Test
  void whereOnlyTheirOwnerMayWriteNothingIsSaid() throws Exception {
    assertThat(
            warnings(
                Map.of(
                    "data.dir", folder("data", "rwx------"),
                    "models.dir", folder("models", "rwxr-xr-x"))))
        .isEmpty();
  }
}
